"""HidSim's services: whose sign-up codes can be received, and how each writes its code. All of it is assumed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceSeed:
    """A service on sale.

    `shape` is how its messages write a code: `d` stands for a digit, `A` for a capital letter or digit, anything
    else for itself; what stands before `|` is shown and no part of the code. `price` is in cents, for its cheapest
    number in an average country. `share` is in how many countries of a hundred it is sold.
    """

    code: str
    name: str
    category: str
    sender: str
    shape: str
    price: int
    share: int

    @property
    def slug(self) -> str:
        """The name in lower case, words joined by hyphens."""
        letters = "".join(letter if letter.isalnum() else " " for letter in self.name.lower())
        return "-".join(letters.split())


_MESSENGER, _SOCIAL, _SHOP, _MONEY, _GAME = "messenger", "social", "shopping", "finance", "games"
_TRAVEL, _FOOD, _DATING, _TECH, _MEDIA = "travel", "food", "dating", "technology", "media"

SERVICES: tuple[ServiceSeed, ...] = (
    ServiceSeed("go", "Google", _TECH, "Google", "G-|dddddd", 25, 100),
    ServiceSeed("tg", "Telegram", _MESSENGER, "Telegram", "ddddd", 55, 100),
    ServiceSeed("wa", "WhatsApp", _MESSENGER, "WhatsApp", "ddd-ddd", 60, 100),
    ServiceSeed("ig", "Instagram", _SOCIAL, "Instagram", "ddd ddd", 16, 90),
    ServiceSeed("fb", "Facebook", _SOCIAL, "Facebook", "FB-|ddddd", 21, 90),
    ServiceSeed("tw", "X (Twitter)", _SOCIAL, "X", "dddddd", 13, 70),
    ServiceSeed("lf", "TikTok", _SOCIAL, "TikTok", "dddddd", 15, 80),
    ServiceSeed("ds", "Discord", _MESSENGER, "Discord", "dddddd", 17, 70),
    ServiceSeed("am", "Amazon", _SHOP, "Amazon", "dddddd", 20, 70),
    ServiceSeed("mm", "Microsoft", _TECH, "Microsoft", "dddddd", 13, 80),
    ServiceSeed("wx", "Apple", _TECH, "Apple", "dddddd", 20, 60),
    ServiceSeed("dr", "OpenAI", _TECH, "OpenAI", "dddddd", 26, 60),
    ServiceSeed("ub", "Uber", _TRAVEL, "Uber", "dddd", 14, 60),
    ServiceSeed("tx", "Bolt", _TRAVEL, "Bolt", "dddd", 13, 40),
    ServiceSeed("uk", "Airbnb", _TRAVEL, "Airbnb", "dddddd", 15, 50),
    ServiceSeed("ua", "BlaBlaCar", _TRAVEL, "BlaBlaCar", "dddd", 11, 25),
    ServiceSeed("jg", "Grab", _TRAVEL, "Grab", "dddddd", 10, 20),
    ServiceSeed("ni", "Gojek", _TRAVEL, "GOJEK", "dddd", 9, 12),
    ServiceSeed("ly", "Ola", _TRAVEL, "Ola", "dddddd", 9, 10),
    ServiceSeed("bk", "Booking.com", _TRAVEL, "Booking", "dddddd", 15, 35),
    ServiceSeed("nf", "Netflix", _MEDIA, "NETFLIX", "dddddd", 15, 45),
    ServiceSeed("sp", "Spotify", _MEDIA, "Spotify", "dddddd", 14, 35),
    ServiceSeed("hb", "Twitch", _MEDIA, "Twitch", "dddddd", 12, 35),
    ServiceSeed("bl", "BIGO LIVE", _MEDIA, "BIGO", "dddd", 10, 20),
    ServiceSeed("mt", "Steam", _GAME, "Steam", "AAAAA", 16, 50),
    ServiceSeed("bz", "Blizzard", _GAME, "Blizzard", "dddddd", 16, 35),
    ServiceSeed("ep", "Epic Games", _GAME, "EpicGames", "dddddd", 15, 30),
    ServiceSeed("rx", "Roblox", _GAME, "Roblox", "dddddd", 14, 30),
    ServiceSeed("vi", "Viber", _MESSENGER, "Viber", "dddddd", 22, 50),
    ServiceSeed("bw", "Signal", _MESSENGER, "Signal", "ddd-ddd", 18, 40),
    ServiceSeed("me", "LINE", _MESSENGER, "LINE", "dddddd", 26, 40),
    ServiceSeed("kt", "KakaoTalk", _MESSENGER, "KakaoTalk", "dddddd", 23, 25),
    ServiceSeed("wb", "WeChat", _MESSENGER, "WeChat", "dddddd", 42, 40),
    ServiceSeed("im", "Imo", _MESSENGER, "imo", "dddd", 11, 30),
    ServiceSeed("zl", "Zalo", _MESSENGER, "Zalo", "dddddd", 14, 15),
    ServiceSeed("fu", "Snapchat", _SOCIAL, "Snapchat", "dddddd", 17, 50),
    ServiceSeed("tn", "LinkedIn", _SOCIAL, "LinkedIn", "dddddd", 15, 50),
    ServiceSeed("rd", "Reddit", _SOCIAL, "Reddit", "dddddd", 14, 35),
    ServiceSeed("pt", "Pinterest", _SOCIAL, "Pinterest", "dddddd", 12, 25),
    ServiceSeed("vk", "VKontakte", _SOCIAL, "VK", "ddddd", 23, 30),
    ServiceSeed("ok", "Odnoklassniki", _SOCIAL, "OK.ru", "dddddd", 12, 25),
    ServiceSeed("oi", "Tinder", _DATING, "Tinder", "dddddd", 31, 50),
    ServiceSeed("mo", "Bumble", _DATING, "Bumble", "dddddd", 24, 35),
    ServiceSeed("vz", "Hinge", _DATING, "Hinge", "dddddd", 24, 25),
    ServiceSeed("qv", "Badoo", _DATING, "Badoo", "dddddd", 17, 30),
    ServiceSeed("vm", "OkCupid", _DATING, "OkCupid", "dddddd", 18, 20),
    ServiceSeed("df", "Happn", _DATING, "happn", "dddd", 15, 18),
    ServiceSeed("yw", "Grindr", _DATING, "Grindr", "dddddd", 19, 20),
    ServiceSeed("ts", "PayPal", _MONEY, "PayPal", "dddddd", 27, 50),
    ServiceSeed("re", "Coinbase", _MONEY, "Coinbase", "ddddddd", 23, 35),
    ServiceSeed("bn", "Binance", _MONEY, "Binance", "dddddd", 24, 40),
    ServiceSeed("bo", "Wise", _MONEY, "Wise", "dddddd", 30, 35),
    ServiceSeed("rv", "Revolut", _MONEY, "Revolut", "ddd-ddd", 32, 30),
    ServiceSeed("sk", "Skrill", _MONEY, "Skrill", "dddddd", 19, 20),
    ServiceSeed("hw", "Alipay", _MONEY, "Alipay", "dddd", 19, 20),
    ServiceSeed("xh", "OVO", _MONEY, "OVO", "dddd", 9, 8),
    ServiceSeed("ab", "Alibaba", _SHOP, "Alibaba", "dddd", 15, 35),
    ServiceSeed("dh", "eBay", _SHOP, "eBay", "dddddd", 19, 45),
    ServiceSeed("ew", "Nike", _SHOP, "Nike", "dddddd", 12, 30),
    ServiceSeed("ka", "Shopee", _SHOP, "Shopee", "dddddd", 10, 25),
    ServiceSeed("dl", "Lazada", _SHOP, "Lazada", "dddddd", 10, 20),
    ServiceSeed("xd", "Tokopedia", _SHOP, "Tokopedia", "dddddd", 9, 8),
    ServiceSeed("cq", "Mercado Libre", _SHOP, "MercadoLibre", "dddddd", 13, 20),
    ServiceSeed("sn", "OLX", _SHOP, "OLX", "dddddd", 11, 30),
    ServiceSeed("uu", "Wildberries", _SHOP, "WB.RU", "dddddd", 12, 15),
    ServiceSeed("ve", "Vinted", _SHOP, "Vinted", "dddd", 14, 20),
    ServiceSeed("gp", "Ticketmaster", _SHOP, "Tktmaster", "dddddd", 21, 20),
    ServiceSeed("te", "Temu", _SHOP, "Temu", "dddddd", 11, 35),
    ServiceSeed("ac", "DoorDash", _FOOD, "DoorDash", "dddddd", 22, 12),
    ServiceSeed("rr", "Wolt", _FOOD, "Wolt", "ddddd", 13, 25),
    ServiceSeed("zk", "Deliveroo", _FOOD, "Deliveroo", "dddd", 15, 15),
    ServiceSeed("gl", "Glovo", _FOOD, "Glovo", "dddd", 12, 20),
    ServiceSeed("fp", "Foodpanda", _FOOD, "foodpanda", "dddd", 10, 20),
    ServiceSeed("mb", "Yahoo", _TECH, "Yahoo", "AAAAAA", 14, 50),
    ServiceSeed("pm", "AOL", _TECH, "AOL", "AAAAAA", 11, 25),
    ServiceSeed("ma", "Mail.ru", _TECH, "Mail.Ru", "dddddd", 12, 30),
    ServiceSeed("ya", "Yandex", _TECH, "Yandex", "ddd-ddd", 13, 35),
    ServiceSeed("nv", "Naver", _TECH, "NAVER", "dddd", 24, 15),
    ServiceSeed("pn", "Proton", _TECH, "Proton", "dddddd", 16, 30),
    ServiceSeed("gh", "GitHub", _TECH, "GitHub", "dddddd", 15, 25),
    ServiceSeed("tl", "Truecaller", _TECH, "Truecaller", "dddddd", 10, 25),
)

#: Where HidSim has numbers, besides Testland.
_SOLD_IN = (
    "AE AL AM AR AT AU AZ BA BD BE BG BH BO BR BY CA CH CI CL CM CN CO CR CY CZ DE DK DO DZ EC EE EG ES ET FI FR GB "
    "GE GH GR GT HK HN HR HU ID IE IL IN IQ IR IT JM JO JP KE KG KH KR KW KZ LA LB LK LT LU LV MA MD ME MK MM MN MO "
    "MX MY NG NI NL NO NP NZ OM PA PE PH PK PL PT PY QA RO RS RU RW SA SE SG SI SK SN TH TJ TN TR TW TZ UA UG US UY "
    "UZ VE VN ZA ZM ZW"
)
SOLD_IN = tuple(_SOLD_IN.split())
