"""Words, names and values for structured.py, written for it: nothing here is taken from a text or a data set."""
import random

NAMES = """Ada Amir Anouk Bao Berta Carlos Chidi Dagny Elena Emeka Farah Gita Goran Hana Ibrahim Ingrid Ivo Jonas Juana Kai Kofi Lars Leila Lucía Mei Milo Nadia
Noor Olga Omar Paolo Petra Qiang Rosa Ruben Sanna Sofía Tariq Tove Ulla Vera Viktor Wanda Yusuf Zoë Zlatan""".split()
FAMILIES = """Abbott Andersen Baptiste Bergström Castellanos Choi Dvořák Eriksen Fontaine Garcia Haddad Ivanova Jansen Kowalski Lindqvist Mbeki Müller Nakamura
O'Brien Okafor Petrov Quist Rossi Sørensen Tanaka Umarov Valdez Weiss Yilmaz Zhang""".split()
PLACES = """Aarhus Bergen Cairo Dakar Essen Florence Ghent Hanoi Izmir Jaipur Kyoto Lima Mombasa Nantes Oslo Porto Quito Riga Sofia Tunis Utrecht Vienna Warsaw Yerevan
Zagreb Greyport Northfield Saltbridge Westhaven""".split()
THINGS = """adapter anchor battery blanket bolt bucket cable candle carpet chair clock compass desk drill engine fan filter hammer hinge jacket kettle ladder lamp lens
magnet mirror motor mug notebook oven pencil pump radio rope saddle scarf screen sensor shovel spring stove switch table tent tile umbrella valve vase wheel wrench""".split()
MATTERS = """account address amount brand category channel city code color comment count country currency customer date deadline delivery department description
distance duration email event floor format grade height invoice item kind language length level limit location material mode model name note number order owner
package phone place price priority product quantity rating reason reference region room route score section sender size source stage status street subject supplier
team temperature time title total type unit user value version weight width zone""".split()
STATES = "active pending closed open paid late ready broken lost new used sold missing shipped refused approved empty full".split()
COLORS = "amber black blue bronze crimson green grey indigo ivory olive orange purple red silver teal white yellow".split()
MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
UNITS = "kg g m cm km l ml hours minutes days pieces boxes".split()
COUNTS = "two three four five six seven eight nine ten twelve twenty".split()
VERBS = """add approve archive assign book cancel check clean close collect compare copy count create deliver delete download find fix forward inspect list lock
measure move open order pack pause pay plan print record refund rename repair replace report reserve restart return review schedule search sell send set share ship
show sort start stop store test track transfer update verify weigh""".split()

ONSETS = "b br c ch d dr f fl g gr h j k l m n p pl qu r s sh st t th tr v w z".split()
VOWELS = "a e i o u ai ea ee io ou".split()
CODAS = ["", "", "", "n", "r", "l", "s", "t", "m", "nd", "rt", "x"]


def invented(r: random.Random) -> str:
    """A word that no text has: whoever writes it down again must have copied it."""
    word = "".join(r.choice(ONSETS) + r.choice(VOWELS) + r.choice(CODAS) for _ in range(r.choice((1, 2, 2, 3))))
    return r.choice((word, word, word.capitalize(), word.upper()))


def code(r: random.Random) -> str:
    letters = "".join(r.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(r.randint(1, 4)))
    return r.choice((f"{letters}-{r.randint(10, 99999)}", f"{letters}{r.randint(1, 999)}", f"#{r.randint(100, 999999)}", f"{r.getrandbits(32):08x}", f"{letters.lower()}_{r.randint(1, 99)}"))


def person(r: random.Random) -> str:
    return r.choice((r.choice(NAMES), f"{r.choice(NAMES)} {r.choice(FAMILIES)}", f"{r.choice(NAMES)} {r.choice(FAMILIES)}", f"{r.choice(('Dr.', 'Ms.', 'Mr.'))} {r.choice(FAMILIES)}"))


def title(r: random.Random) -> str:
    return " ".join(r.choice((invented(r).capitalize(), r.choice(THINGS).capitalize(), r.choice(COLORS).capitalize(), r.choice(("the", "of", "and", "in")))) for _ in range(r.randint(2, 5)))


def date(r: random.Random) -> str:
    day, month, year = r.randint(1, 28), r.randint(1, 12), r.randint(1950, 2035)
    return r.choice((f"{year}-{month:02}-{day:02}", f"{day} {MONTHS[month - 1]} {year}", f"{MONTHS[month - 1]} {day}", f"{day:02}/{month:02}/{year}", r.choice(DAYS), f"next {r.choice(DAYS)}"))


def hour(r: random.Random) -> str:
    return r.choice((f"{r.randint(0, 23):02}:{r.choice((0, 10, 15, 20, 30, 45, 50)):02}", f"{r.randint(1, 12)} {r.choice(('am', 'pm'))}", f"{r.randint(1, 12)}:{r.choice((15, 30, 45))}{r.choice(('am', 'pm'))}", "noon", "midnight"))


def amount(r: random.Random) -> str:
    return r.choice((f"{r.randint(1, 500)} {r.choice(UNITS)}", f"${r.randint(1, 9999)}", f"{r.randint(1, 999)}.{r.randint(0, 99):02} EUR", r.choice(COUNTS), str(r.randint(1, 90))))


def email(r: random.Random) -> str:
    return f"{r.choice(NAMES).lower().translate(str.maketrans('íë', 'ie'))}.{invented(r).lower()}@{invented(r).lower()}.{r.choice(('com', 'org', 'net', 'example'))}"


def phrase(r: random.Random) -> str:
    return f"{r.choice(('the', 'a', 'my', 'one', 'another', 'every'))} {r.choice((r.choice(COLORS), r.choice(STATES), invented(r).lower()))} {r.choice(THINGS)}"


VALUES = {"person": person, "title": title, "date": date, "time": hour, "amount": amount, "email": email, "code": code, "place": lambda r: r.choice(PLACES),
          "thing": lambda r: r.choice(THINGS), "state": lambda r: r.choice(STATES), "color": lambda r: r.choice(COLORS), "word": invented, "phrase": phrase}


def value(r: random.Random) -> str:
    return VALUES[r.choice(list(VALUES))](r)
