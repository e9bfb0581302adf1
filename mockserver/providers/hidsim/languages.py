"""What verification messages say, in the languages of the countries they are sent to. All texts are our own."""

# ruff: noqa: RUF001

#: `{name}` is the service, `{code}` the code as the service writes it.
TEXTS: dict[str, tuple[str, ...]] = {
    "en": (
        "{code} is your {name} code. Do not share it with anyone.",
        "{name}: your code is {code}. It is valid for 10 minutes.",
        "Use {code} to sign in to {name}.",
    ),
    "ar": ("{code} هو رمز {name} الخاص بك. لا تشاركه مع أحد.", "رمز التحقق لـ {name}: {code}"),
    "bn": ("{code} হল আপনার {name} কোড। এটি কাউকে জানাবেন না।",),
    "cs": ("{code} je váš kód pro {name}. Nikomu ho nesdělujte.",),
    "de": ("{code} ist dein {name}-Code. Gib ihn nicht weiter.", "{name}: Dein Code lautet {code}."),
    "el": ("Ο κωδικός σας για το {name} είναι {code}. Μην τον κοινοποιήσετε.",),
    "es": ("{code} es tu código de {name}. No lo compartas con nadie.", "{name}: tu código es {code}."),
    "fa": ("کد {name} شما {code} است. آن را به کسی ندهید.",),
    "fr": ("{code} est votre code {name}. Ne le communiquez à personne.", "{name} : votre code est {code}."),
    "he": ("{code} הוא קוד {name} שלך. אין לשתף אותו.",),
    "hi": ("{code} आपका {name} कोड है। इसे किसी के साथ साझा न करें।",),
    "hu": ("Az Ön {name}-kódja: {code}. Ne ossza meg senkivel.",),
    "id": ("{code} adalah kode {name} Anda. Jangan berikan kepada siapa pun.",),
    "it": ("{code} è il tuo codice {name}. Non condividerlo con nessuno.",),
    "ja": ("{name}の認証コードは{code}です。他の人に教えないでください。", "{code} は {name} の確認コードです。"),
    "ka": ("{name}-ის კოდია {code}. არავის გაუზიაროთ.",),
    "km": ("លេខកូដ {name} របស់អ្នកគឺ {code}។ កុំប្រាប់អ្នកណា។",),
    "ko": ("{name} 인증번호는 {code}입니다. 다른 사람에게 알려주지 마세요.",),
    "nl": ("{code} is je code voor {name}. Deel hem met niemand.",),
    "pl": ("{code} to Twój kod {name}. Nikomu go nie podawaj.",),
    "pt": ("{code} é o seu código do {name}. Não o compartilhe.", "{name}: seu código é {code}."),
    "ro": ("{code} este codul dvs. {name}. Nu îl dați nimănui.",),
    "ru": ("Ваш код {name}: {code}. Никому его не сообщайте.", "{code} — код для входа в {name}."),
    "sr": ("{code} је ваш код за {name}. Не делите га ни са ким.",),
    "sv": ("{code} är din kod för {name}. Dela den inte med någon.",),
    "th": ("{code} คือรหัส {name} ของคุณ โปรดอย่าบอกผู้อื่น",),
    "tr": ("{name} kodunuz {code}. Kimseyle paylaşmayın.",),
    "uk": ("Ваш код {name}: {code}. Нікому його не повідомляйте.",),
    "ur": ("آپ کا {name} کوڈ {code} ہے۔ اسے کسی کو نہ بتائیں۔",),
    "vi": ("{code} là mã {name} của bạn. Không chia sẻ mã này.",),
    "zh": ("【{name}】验证码 {code}，请勿泄露给他人。", "您的{name}验证码是{code}，10分钟内有效。"),
}

#: The same for messages that carry no code.
TEXTS_WITHOUT_CODE = ("Welcome to {name}! Your number is now linked to your account.",)

#: Scripts other than Latin, one of which the dice choose where the text has to be in none.
NON_LATIN = ("ar", "el", "hi", "ja", "ka", "ko", "ru", "th", "zh")

_COUNTRIES: dict[str, str] = {
    "ar": "AE BH DZ EG IQ JO KW LB MA OM QA SA TN YE",
    "bn": "BD",
    "cs": "CZ",
    "de": "AT CH DE",
    "el": "CY GR",
    "es": "AR BO CL CO CR DO EC ES GT HN MX NI PA PE PY UY VE",
    "fa": "IR",
    "fr": "BE FR SN",
    "he": "IL",
    "hi": "IN",
    "hu": "HU",
    "id": "ID",
    "it": "IT",
    "ja": "JP",
    "ka": "GE",
    "km": "KH",
    "ko": "KR",
    "nl": "NL",
    "pl": "PL",
    "pt": "BR PT",
    "ro": "MD RO",
    "ru": "BY KG KZ RU",
    "sr": "RS",
    "sv": "SE",
    "th": "TH",
    "tr": "TR",
    "uk": "UA",
    "ur": "PK",
    "vi": "VN",
    "zh": "CN HK MO TW",
}
_LANGUAGES = {iso2: language for language, codes in _COUNTRIES.items() for iso2 in codes.split()}


def language_of(iso2: str) -> str:
    """The language of messages to this country; English where the table has none."""
    return _LANGUAGES.get(iso2, "en")
