"""Countries and their network operators, with the ids that clients know them by.

Real ids come first (documented or observed); the others are counted up from there and are the same in every
sandbox. Names of operators as people know them, past ones included: old phones are locked to them.
"""

from collections.abc import Iterator

#: Ids of the real API.
_COUNTRY_IDS = {
    "Spain": 34,
    "Argentina": 1146,
    "Canada": 1932,
    "China": 1937,
    "Dominican Republic": 1024,
    "Venezuela": 1150,
}
_NETWORK_IDS = {
    ("Spain", "Movistar"): 1,
    ("Spain", "Vodafone"): 2,
    ("Spain", "Orange"): 3,
    ("Spain", "Yoigo"): 4,
    ("United States", "AT&T"): 5815,
}
_FIRST_COUNTRY_ID = 1025
_FIRST_NETWORK_ID = 5007
_NETWORK_STEP = 3

#: One country a line; a country without operators has devices and no locks.
_TABLE = """
Spain: Movistar, Vodafone, Orange, Yoigo
Afghanistan: Afghan Wireless, Etisalat, MTN, Roshan
Albania: ALBtelecom, Telekom, Vodafone
Algeria: Djezzy, Mobilis, Ooredoo
Andorra: Andorra Telecom
Angola: Movicel, Unitel
Argentina: Claro, Movistar, Nextel, Personal, Tuenti
Armenia: Beeline, Ucom, VivaCell-MTS
Aruba: Digicel, SETAR
Australia: 3, Optus, Telstra, Vodafone, Virgin Mobile
Austria: 3, A1, Orange, T-Mobile, tele.ring
Azerbaijan: Azercell, Bakcell, Nar
Bahamas: Aliv, BTC
Bahrain: Batelco, STC, Zain
Bangladesh: Banglalink, Grameenphone, Robi, Teletalk
Barbados: Digicel, Flow
Belarus: A1, MTS, life:)
Belgium: Base, Mobistar, Orange, Proximus
Belize: BTL, Smart
Bolivia: Entel, Tigo, Viva
Bosnia and Herzegovina: BH Telecom, HT Eronet, m:tel
Brazil: Claro, Nextel, Oi, TIM, Vivo
Bulgaria: A1, Telenor, Vivacom
Cambodia: Cellcard, Metfone, Smart
Cameroon: MTN, Nexttel, Orange
Canada: Bell, Fido, Freedom, Koodo, Mobilicity, Rogers, SaskTel, Solo, Telus, Videotron, Virgin Mobile, Wind
Chile: Claro, Entel, Movistar, VTR, WOM
China: China Mobile, China Telecom, China Unicom
Colombia: Avantel, Claro, ETB, Movistar, Tigo
Costa Rica: Claro, Kölbi, Movistar
Croatia: A1, Hrvatski Telekom, Tele2
Cuba: Cubacel
Curaçao: Digicel, UTS
Cyprus: Cyta, Epic, PrimeTel
Czech Republic: O2, T-Mobile, Vodafone
Denmark: 3, TDC, Telenor, Telia
Dominican Republic: Altice, Claro, Orange, Tricom, Viva
Ecuador: Claro, CNT, Movistar
Egypt: Etisalat, Mobinil, Orange, Vodafone, WE
El Salvador: Claro, Digicel, Movistar, Tigo
Estonia: Elisa, Tele2, Telia
Ethiopia: Ethio Telecom
Fiji: Digicel, Vodafone
Finland: DNA, Elisa, Sonera, Telia
France: Bouygues, Free, NRJ Mobile, Orange, SFR, Virgin Mobile
Georgia: Geocell, MagtiCom, Beeline
Germany: Congstar, E-Plus, O2, T-Mobile, Vodafone
Ghana: AirtelTigo, Glo, MTN, Vodafone
Greece: Cosmote, Vodafone, Wind
Guatemala: Claro, Movistar, Tigo
Guyana: Digicel, GTT
Haiti: Digicel, Natcom
Honduras: Claro, Hondutel, Tigo
Hong Kong: 3, CSL, China Mobile, SmarTone
Hungary: Magyar Telekom, Telenor, Vodafone
Iceland: Nova, Síminn, Vodafone
India: Aircel, Airtel, BSNL, Idea, Jio, Vodafone
Indonesia: 3, Indosat, Smartfren, Telkomsel, XL
Iran: Irancell, MCI, RighTel
Iraq: Asiacell, Korek, Zain
Ireland: 3, Meteor, O2, Tesco Mobile, Vodafone
Israel: Cellcom, Golan, HOT Mobile, Partner, Pelephone
Italy: 3, Iliad, TIM, Vodafone, Wind
Ivory Coast: Moov, MTN, Orange
Jamaica: Digicel, Flow
Japan: au, NTT docomo, SoftBank, Y!mobile
Jordan: Orange, Umniah, Zain
Kazakhstan: Activ, Altel, Beeline, Kcell, Tele2
Kenya: Airtel, Safaricom, Telkom
Kuwait: Ooredoo, STC, Zain
Laos: Lao Telecom, Unitel
Latvia: Bite, LMT, Tele2
Lebanon: Alfa, Touch
Libya: Almadar, Libyana
Liechtenstein: FL1, Salt, Swisscom
Lithuania: Bite, Tele2, Telia
Luxembourg: Orange, POST, Tango
Macau: 3, CTM, SmarTone
Macedonia: A1, Telekom
Madagascar: Airtel, Orange, Telma
Malaysia: Celcom, Digi, Maxis, U Mobile
Malta: Epic, GO, Melita
Mauritius: Emtel, my.t
Mexico: AT&T, Iusacell, Movistar, Nextel, Telcel, Unefon
Moldova: Moldcell, Orange, Unité
Mongolia: Mobicom, Skytel, Unitel
Montenegro: m:tel, T-Mobile, Telenor
Morocco: inwi, Maroc Telecom, Orange
Mozambique: mCel, Movitel, Vodacom
Myanmar: MPT, Ooredoo, Telenor
Namibia: MTC, TN Mobile
Nepal: Ncell, NTC
Netherlands: KPN, T-Mobile, Tele2, Telfort, Vodafone
New Zealand: 2degrees, Spark, Vodafone
Nicaragua: Claro, Movistar
Nigeria: 9mobile, Airtel, Glo, MTN
Norway: Ice, Telenor, Telia
Oman: Omantel, Ooredoo
Pakistan: Jazz, Telenor, Ufone, Zong
Panama: +Móvil, Claro, Digicel, Movistar
Paraguay: Claro, Personal, Tigo, Vox
Peru: Bitel, Claro, Entel, Movistar
Philippines: Globe, Smart, Sun
Poland: Orange, Play, Plus, T-Mobile
Portugal: MEO, NOS, Optimus, TMN, Vodafone
Puerto Rico: AT&T, Claro, Open Mobile, T-Mobile
Qatar: Ooredoo, Vodafone
Romania: Digi, Orange, Telekom, Vodafone
Russia: Beeline, MegaFon, MTS, Tele2
Rwanda: Airtel, MTN
Saudi Arabia: Mobily, STC, Zain
Senegal: Expresso, Free, Orange
Serbia: A1, Telenor, mts
Singapore: M1, Singtel, StarHub
Slovakia: O2, Orange, Telekom
Slovenia: A1, Telekom Slovenije, Telemach
South Africa: Cell C, MTN, Telkom, Vodacom
South Korea: KT, LG U+, SK Telecom
Sri Lanka: Airtel, Dialog, Hutch, Mobitel
Sudan: MTN, Sudani, Zain
Sweden: 3, Tele2, Telenor, Telia
Switzerland: Salt, Sunrise, Swisscom
Taiwan: Chunghwa Telecom, FarEasTone, Taiwan Mobile
Tanzania: Airtel, Tigo, Vodacom
Thailand: AIS, dtac, TrueMove
Trinidad and Tobago: bmobile, Digicel
Tunisia: Ooredoo, Orange, Tunisie Telecom
Turkey: Türk Telekom, Turkcell, Vodafone
Uganda: Airtel, MTN
Ukraine: Kyivstar, lifecell, Vodafone
United Arab Emirates: du, Etisalat
United Kingdom: 3, EE, O2, Orange, T-Mobile, Tesco Mobile, Virgin Mobile, Vodafone
United States: AT&T, Boost Mobile, Cricket, MetroPCS, Sprint, T-Mobile, TracFone, U.S. Cellular, Verizon
Uruguay: Ancel, Claro, Movistar
Uzbekistan: Beeline, Ucell, Uzmobile
Vatican City:
Venezuela: Digitel, Movilnet, Movistar
Vietnam: MobiFone, Vietnamobile, Viettel, Vinaphone
Yemen: MTN, Sabafon, YOU
Zambia: Airtel, MTN, Zamtel
Zimbabwe: Econet, NetOne, Telecel
"""


def countries() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Country id and name with its networks (id and name), real ids first; ids are texts of digits."""
    rows = [line.partition(":") for line in _TABLE.strip().splitlines()]
    country_ids = _counted(_FIRST_COUNTRY_ID, 1, set(_COUNTRY_IDS.values()))
    network_ids = _counted(_FIRST_NETWORK_ID, _NETWORK_STEP, set(_NETWORK_IDS.values()))
    found = []
    for name, _, listed in rows:
        country_id = _COUNTRY_IDS.get(name) or next(country_ids)
        operators = [operator.strip() for operator in listed.split(",") if operator.strip()]
        networks = [(str(_NETWORK_IDS.get((name, one)) or next(network_ids)), one) for one in operators]
        found.append((str(country_id), name, networks))
    return found


def _counted(first: int, step: int, taken: set[int]) -> Iterator[int]:
    number = first
    while True:
        if number not in taken:
            yield number
        number += step
