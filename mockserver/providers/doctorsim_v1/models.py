"""Brands and their devices, with the ids that clients know them by.

Real ids come first (documented or observed); the others are counted up and are the same in every sandbox. Names are
those of phones, written as series: `Galaxy S[2-4]{, Mini}` are six. Some that a series yields were never sold.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: Ids of the real API, by brand and name.
DEVICE_IDS = {
    ("iPhone", "iPhone 5"): 15429,
    ("iPhone", "iPhone 6"): 15910,
    ("iPhone", "iPhone Xs"): 20403,
    ("iPhone", "iPhone 14 Pro"): 25327,
    ("Huawei", "Huawei (all models)"): 15531,
    ("Nokia", "5230"): 1697,
}
_FIRST_DEVICE_ID = 1003
_DEVICE_STEP = 7

#: `id brand: series; series`. Ids 1, 6, 15, 22 and 29 are real, 32 is assumed, the others are ours.
_TABLE = """
1 Alcatel: OT-[203-213]; OT-[300-309]{,A}; OT-[501-510]; OT-[800-810]{,D}; OT-[980-998]; \
One Touch Idol{, 2, 3, 4, 5}{, Mini, S}; Pixi {3, 4}{ (4),(5),(6)}; 1{,S,V,X}; 3{,L,X,C}
2 BlackBerry: 71{00,05,30,50}; Pearl 8{100,110,120,130,220,230}; Curve 8{300,310,320,330,350,520,530,900,910,980}; \
Curve 9{220,230,310,315,320,350,360,370,380}; Bold 9{000,650,700,780,790,900,930}; Storm 9{500,520,530,550}; \
Torch 9{800,810,850,860}; Tour 9630; Style 9670; Q{5,10}; Z{3,10,30}; Classic; Passport; Priv; Leap; DTEK{50,60}; \
KEY{one,2}
3 HTC: Desire {10, 12, 19, 20, 300, 310, 320, 500, 510, 516, 526, 530}; \
3 HTC: Desire {600, 601, 610, 612, 620, 626, 650, 700, 728, 816, 820, 825, 828}; \
One{, S, V, X, X+, Max, Mini, Mini 2, M8, M9, A9, E8}; U{11,12+, Play, Ultra}; Wildfire{, S, E, X}; \
Sensation{, XE, XL}; Evo {3D, 4G}; Rhyme; Explorer; Titan; Radar; Incredible{, S, 2}; Legend; Hero; Magic; Tattoo
5 ZTE: Blade A{3,5,7,31,51,71}{, Plus, Lite}; Blade V{6,7,8,9,10,20,30}{, Mini, Vita}; \
Axon {7, 9, 10, 11, 20, 30, 40}{, Pro}; Grand X{, 2, 3, 4}; Open{, C}; Kis{, 3}; Skate; Racer
6 LG: G[2-8]{, Mini, ThinQ}; K{4,8,10,20,30,40,41S,42,50,51,61}; Q{6,7,60,70}; V{10,20,30,40,50,60}; KP[100-110]; \
KU{250,311,380,800,990}; KG{200,220,240,270,290,320,800}; GT{350,400,405,500,505,540}; \
GD{330,350,510,550,580,880,900}; Optimus L{1,3,4,5,7,9}{, II}; \
Optimus {Black, Chic, Hub, Net, One, Pro, 2X, 3D, 4X HD}; Nexus {4, 5, 5X}; Velvet; Wing; Cookie; Prada
8 Motorola: Moto G{, (2nd Gen), (3rd Gen)}; Moto G[4-9]{, Play, Plus, Power}; \
Moto G{10,20,22,30,31,50,52,60,62,71,82,100,200}; Moto E{,[2-7]}{, Plus}; Moto X{,4, Play, Style}; \
Moto Z{,2,3}{, Play, Force}; Edge{, 20, 30, 40}{, Pro, Lite}; Razr {V3, V3i, V3x, V8, V9, i, HD, Maxx}; \
Defy{, Mini, Plus}; Atrix{, 2, HD}; Milestone{, 2, 3}; C{115,118,123,139,168,257}; E{365,398,770,1000}; L{2,6,7,9}; \
W{156,175,205,208,220,375}
11 Sony: Xperia Z{,1,2,3,5}{, Compact}; Xperia X{,A,A1,A2,Z,Z1,Z2,Z3}{, Compact, Ultra, Premium}; \
Xperia M{,2,4 Aqua,5}; Xperia E{,1,3,4,5}; Xperia L[1-4]; \
Xperia {C, C3, C4, C5, J, P, S, T, U, V, SP, TX, go, sola, tipo, miro}; Xperia {1, 5, 10}{, II, III, IV}
12 Sony Ericsson: K{300,310,320,500,510,530,550,600,610,660,700,750,770,800,810,850}i; \
W{200,300,350,550,580,595,610,660,705,715,760,800,810,850,880,890,900,910,950,960,980,995}i; \
Xperia {Arc, Mini, Neo, Play, Ray, X8, X10}{, Pro}; J{100,105,110,120,132,220}i; \
Z{310,320,520,530,550,600,610,710,770}i
15 Samsung: Galaxy S{,[2-9],10,20,21,22,23,24}{, Plus, Mini, Ultra}; Galaxy S{10e,20 FE,21 FE,23 FE}; \
Galaxy Note{, [2-5], 8, 9, 10, 20}{, Ultra}; Galaxy A[3-9] (2016); Galaxy A[3-8] (2018); \
Galaxy A{01,02,03,04,05,10,11,12,13,14,15,20,21,22,23,24,25,30}{,s}; \
Galaxy A{31,32,33,34,40,41,42,50,51,52,53,54,55,70,71,72,73,80,90}{,s}; \
Galaxy J[1-8]{, Prime}; Galaxy M{01,11,12,13,21,23,31,33,51,53}; \
Galaxy {Ace, Ace 2, Ace 3, Ace 4, Core, Core 2, Gio, Grand}; \
Galaxy {Grand 2, Mini, Mini 2, Nexus, Pocket, W, Xcover, Young, Young 2}; \
Galaxy Z {Flip, Fold}{, 2, 3, 4, 5}; Corby; Omnia{, II, 7, W}; Wave{, II, III, Y}; \
E{250,900,1050,1080,1120,1150,1200,2100,2120,2550}; S{3350,3650,5230,5260,5600,5620,7070,8000,8300}; \
D{500,600,800,820,840,880,900}; B{130,2100,2710,3310,3410,5310,5722}
22 Huawei: Huawei (all models); P{6,7,8,9,10,20,30,40,50,60}{, Lite, Pro}; \
Mate {7, 8, 9, 10, 20, 30, 40, 50}{, Lite, Pro, X}; Y{3,5,6,7,9}{, (2017), (2018), (2019)}; \
Nova{, 2, 3, 4, 5, 7, 8, 9, 10, 11}{,i, Plus}; \
Ascend {G300, G510, G525, G600, G615, G620, G6, G7, Mate, P1, P2, Y200, Y210, Y300, Y330, Y530, Y550}; \
E{153,160,173,180,220,303,353,355,372,392,398,3131,3272,3276,3372}; B{310,315,525,593,683,715,818}
24 Xiaomi: Mi {[3-6], 8, 9, 10, 11}{, Lite, Pro}; Mi A[1-3]; Redmi {[4-9], 10, 12}{,A,C}; \
Redmi Note {[5-9], 10, 11, 12}{, Pro,S}; Poco {F1, F2, F3, M3, X3}{, Pro}
26 OnePlus: One; X; [2-3]; 3T; 5{,T}; [6-9]{,T, Pro}; 10{,T, Pro}; Nord{, 2, CE, N10, N100}
27 Google: Pixel{, XL}; Pixel [2-4]{, XL,a}; Pixel [5-8]{,a, Pro}
28 Lenovo: A{319,536,850,859,2010,5000,6000,7000}; K{3,5,6,8,9,10,12,14}{, Note, Plus}; \
Vibe {C, K4, P1, S1, X2, X3, Z2}
29 iPhone: iPhone{, 3G, 3GS}; iPhone 4{,S}; iPhone 5{,c,s}; iPhone 6{,s}{, Plus}; iPhone [7-8]{, Plus}; \
iPhone X{,r,s,s Max}; iPhone 11{, Pro, Pro Max}; iPhone [12-13]{, mini, Pro, Pro Max}; \
iPhone [14-16]{, Plus, Pro, Pro Max}; iPhone SE{, (2020), (2022)}
31 Microsoft: Lumia {430, 435, 532, 535, 540, 550, 640, 650, 950}{, XL, Dual SIM}
32 Nokia: 11{00,01,08,10,12}; 16{00,16,50,61,80}; 23{00,10,23,30}; 26{00,10,26,30,50,60,80,90}; 27{00,30,60}; \
31{00,09,10,20}; 32{00,08,20,50}; 33{10,15,30,50}; 36{00,10,20,50}; 50{00,30,70}; 51{30,40}; \
52{00,08,20,28,30,33,35}; 53{00,10,20}; 55{00,30}; 56{10,30}; 57{00,30}; 58{00}; 60{20,21,30,70,80,85}; \
61{00,10,11,20,25,31,50,51}; 62{09,10,20,30,33,34,60,67,80,88,90}; 63{00,03,10}; 65{00,55}; 66{00,10,30,50,80}; \
67{00,20,60}; 70{20,70,88}; 72{30,50,70}; 73{60,70,73,90}; 75{00,10}; 76{00,10,50}; 78{00}; 86{00}; 88{00,20}; \
C{1,2,3,5,6,7}-0[0-3]; E{5,6,7,50,51,52,55,61,63,65,66,70,71,72,75,90}; \
N{8,9,70,71,72,73,76,78,79,80,81,82,85,86,90,91,93,95,96,97}; X{1,2,3,6}-0[0-2]; \
Asha {200, 201, 202, 203, 206, 210, 300, 301, 302, 303, 305, 306, 308, 309, 310, 311, 500, 501, 502, 503}; \
Lumia {505, 510, 520, 525, 530, 610, 620, 625, 630, 635, 710, 720, 730}; \
Lumia {735, 800, 810, 820, 822, 830, 900, 920, 925, 928, 930, 1020, 1320, 1520}
34 Oppo: A{3s,5,5s,7,9,15,16,31,52,53,54,72,73,74,91,92,94}; Find X{, 2, 3, 5}{, Lite, Neo, Pro}; \
Reno{, 2, 3, 4, 5, 6, 8}{, Pro, Z}
36 Pantech: Burst; Crossover; Discover; Ease; Element; Flex; Hotshot; Impact; Jest; Laser; Link; Perception; \
Pocket; Pursuit; Renue; Swift; Verse
38 TCL: 10{, L, Pro, SE}; 20{, L, R, S, SE}; 30{, +, E, SE}; 40{, R, SE, XL}
40 Wiko: Lenny{, 2, 3, 4, 5}; Rainbow{, Jam, Lite, Up}; Ridge{, 4G, Fab}; Sunny{, 2, 3, 4, 5}; \
View{, 2, 3, 4, 5}{, Lite, Plus}
"""

_CHOICES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"\[(\d+)-(\d+)\]")


@dataclass(frozen=True, slots=True)
class Device:
    """A model; `id` is a text of digits."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand and its devices; `place` counts the brands from 0."""

    id: str
    name: str
    place: int
    devices: tuple[Device, ...]


def brands() -> list[Brand]:
    """All brands, by id."""
    ids = _free_ids()
    found = []
    for place, line in enumerate(_TABLE.strip().splitlines()):
        head, _, series = line.partition(":")
        number, _, name = head.partition(" ")
        names = dict.fromkeys(model for one in series.split("; ") for model in _models(one.strip()))
        devices = tuple(Device(str(DEVICE_IDS.get((name, model)) or next(ids)), model) for model in names)
        found.append(Brand(number, name, place, devices))
    return found


def _models(series: str) -> Iterator[str]:
    """Every name that a series stands for; a choice is taken as it is written, its spaces included."""
    span, choices = _RANGE.search(series), _CHOICES.search(series)
    if span:
        for number in range(int(span[1]), int(span[2]) + 1):
            yield from _models(f"{series[: span.start()]}{number}{series[span.end() :]}")
    elif choices:
        for choice in choices[1].split(","):
            yield from _models(f"{series[: choices.start()]}{choice}{series[choices.end() :]}")
    else:
        yield " ".join(series.split())


def _free_ids() -> Iterator[int]:
    taken = set(DEVICE_IDS.values())
    number = _FIRST_DEVICE_ID
    while True:
        if number not in taken:
            yield number
        number += _DEVICE_STEP
