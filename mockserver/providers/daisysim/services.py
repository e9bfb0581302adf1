"""DaisySIM's services: whose sign-up codes can be received. All prices and demands are assumed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """A service on sale; there is one object for each, so that finding one among many compares nothing else.

    `price` is what its cheapest number costs in an average country, in ten-thousandths of a dollar;
    `demand` 1 .. 4 raises the number of tiers and the stock.
    """

    code: str
    name: str
    price: int
    demand: int


#: Sold in every country. The codes are documented.
EVERYWHERE = ("go", "tg", "wa")

#: Codes as the field uses them (`go`, `wa`, `tg` documented, the others assumed).
SERVICES: tuple[Service, ...] = (
    Service("go", "Google", 2500, 4),
    Service("tg", "Telegram", 5500, 4),
    Service("wa", "WhatsApp", 6000, 4),
    Service("ab", "Alibaba", 1500, 2),
    Service("ac", "DoorDash", 2200, 2),
    Service("am", "Amazon", 2000, 3),
    Service("aon", "Binance", 2400, 2),
    Service("bl", "BIGO LIVE", 1000, 1),
    Service("bo", "Wise", 3000, 2),
    Service("bw", "Signal", 1800, 2),
    Service("bz", "Blizzard", 1600, 2),
    Service("cq", "Mercado Libre", 1300, 2),
    Service("df", "Happn", 1500, 1),
    Service("dh", "eBay", 1900, 2),
    Service("dl", "Lazada", 1000, 2),
    Service("dr", "OpenAI", 2600, 3),
    Service("ds", "Discord", 1700, 3),
    Service("ew", "Nike", 1200, 2),
    Service("fb", "Facebook", 2100, 4),
    Service("fu", "Snapchat", 1700, 3),
    Service("gp", "Ticketmaster", 2100, 1),
    Service("hb", "Twitch", 1200, 2),
    Service("hw", "Alipay", 1900, 2),
    Service("ig", "Instagram", 1600, 4),
    Service("im", "Imo", 1100, 2),
    Service("jg", "Grab", 1000, 2),
    Service("ka", "Shopee", 1000, 3),
    Service("kt", "KakaoTalk", 2300, 2),
    Service("lf", "TikTok", 1500, 4),
    Service("ly", "Ola", 900, 1),
    Service("ma", "Mail.ru", 1200, 2),
    Service("mb", "Yahoo", 1400, 3),
    Service("me", "LINE", 2600, 3),
    Service("mm", "Microsoft", 1300, 4),
    Service("mo", "Bumble", 2400, 2),
    Service("mt", "Steam", 1600, 3),
    Service("nf", "Netflix", 1500, 2),
    Service("ni", "Gojek", 900, 2),
    Service("nv", "Naver", 2400, 2),
    Service("oi", "Tinder", 3100, 3),
    Service("ok", "Odnoklassniki", 1200, 2),
    Service("pm", "AOL", 1100, 2),
    Service("qv", "Badoo", 1700, 2),
    Service("re", "Coinbase", 2300, 2),
    Service("rr", "Wolt", 1300, 1),
    Service("sn", "OLX", 1100, 2),
    Service("tl", "Truecaller", 1000, 1),
    Service("tn", "LinkedIn", 1500, 3),
    Service("ts", "PayPal", 2700, 3),
    Service("tw", "X (Twitter)", 1300, 4),
    Service("tx", "Bolt", 1300, 2),
    Service("ua", "BlaBlaCar", 1100, 1),
    Service("ub", "Uber", 1400, 3),
    Service("uk", "Airbnb", 1500, 2),
    Service("uu", "Wildberries", 1200, 2),
    Service("vi", "Viber", 2200, 3),
    Service("vk", "VKontakte", 2300, 3),
    Service("vm", "OkCupid", 1800, 1),
    Service("vz", "Hinge", 2400, 2),
    Service("wb", "WeChat", 4200, 3),
    Service("wx", "Apple", 2000, 3),
    Service("xd", "Tokopedia", 900, 2),
    Service("xh", "OVO", 900, 1),
    Service("ya", "Yandex", 1300, 3),
    Service("yw", "Grindr", 1900, 1),
    Service("zk", "Deliveroo", 1500, 1),
)

#: What Testland sells beside `EVERYWHERE`; a scenario gives each its outcome.
TESTLAND_SERVICES: tuple[Service, ...] = (
    Service("ic", "Instant Code", 3000, 3),
    Service("lo", "Last One", 3000, 1),
    Service("ns", "Never an SMS", 3000, 3),
    Service("pe", "Provider Error", 3000, 3),
    Service("sl", "Slow Code", 3000, 3),
    Service("so", "Sold Out", 3000, 1),
)

BY_CODE: dict[str, Service] = {service.code: service for service in (*SERVICES, *TESTLAND_SERVICES)}
