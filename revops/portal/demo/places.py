"""Where the demo company's prospects live: regions, countries, time zones, names and telephone numbers. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Country:
    """One country: share of its region's leads, what its numbers look like, who lives there."""

    code: str
    name: str
    weight: int
    zone: str
    phone: str
    names: str
    suffixes: tuple[str, ...]
    top_level_domain: str
    cities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """A sales territory, or the rest of the world that nobody covers (`team` empty)."""

    key: str
    team: str
    weight: int
    countries: tuple[Country, ...]


EMEA = Region("emea", "Sales EMEA", 46, (
    Country("DE", "Germany", 30, "Europe/Berlin", "+49 30 23125 {:03d}", "german", ("GmbH", "AG", "GmbH & Co. KG"),
            "de", ("Berlin", "Hamburg", "München", "Köln", "Leipzig", "Stuttgart")),
    Country("GB", "United Kingdom", 20, "Europe/London", "+44 20 7946 0{:03d}", "english", ("Ltd", "plc"), "co.uk",
            ("London", "Leeds", "Bristol", "Manchester")),
    Country("FR", "France", 14, "Europe/Paris", "+33 1 99 00 0{:d} 12", "french", ("SAS", "SA"), "fr",
            ("Paris", "Lyon", "Lille", "Nantes")),
    Country("NL", "Netherlands", 10, "Europe/Amsterdam", "+31 20 555 0{:03d}", "dutch", ("BV", "NV"), "nl",
            ("Amsterdam", "Rotterdam", "Utrecht")),
    Country("SE", "Sweden", 8, "Europe/Stockholm", "+46 8 465 00{:d} 1", "nordic", ("AB",), "se",
            ("Stockholm", "Göteborg", "Malmö")),
    Country("AT", "Austria", 6, "Europe/Vienna", "+43 1 555 0{:03d}", "german", ("GmbH", "AG"), "at",
            ("Wien", "Linz", "Graz")),
    Country("CH", "Switzerland", 6, "Europe/Zurich", "+41 44 555 0{:d} 1", "german", ("AG", "GmbH"), "ch",
            ("Zürich", "Basel", "Bern")),
    Country("IE", "Ireland", 3, "Europe/Dublin", "+353 1 555 0{:03d}", "english", ("Ltd",), "ie", ("Dublin", "Cork")),
    Country("PL", "Poland", 3, "Europe/Warsaw", "+48 22 555 0{:d} 1", "polish", ("Sp. z o.o.",), "pl",
            ("Warszawa", "Poznań")),
))  # fmt: skip
AMERICAS = Region("americas", "Sales Americas", 36, (
    Country("US", "United States", 76, "America/New_York", "+1 212 555 0{:03d}", "english", ("Inc", "LLC", "Corp"),
            "com", ("New York", "Chicago", "Austin", "Columbus", "Denver", "Atlanta")),
    Country("CA", "Canada", 15, "America/Toronto", "+1 416 555 0{:03d}", "english", ("Inc", "Ltd"), "ca",
            ("Toronto", "Montréal", "Calgary")),
    Country("MX", "Mexico", 5, "America/Mexico_City", "+52 55 5550 0{:03d}", "spanish", ("SA",), "mx",
            ("Ciudad de México", "Monterrey")),
    Country("BR", "Brazil", 4, "America/Sao_Paulo", "+55 11 5550 0{:03d}", "spanish", ("SA",), "com.br",
            ("São Paulo", "Curitiba")),
))  # fmt: skip
APAC = Region("apac", "Sales APAC", 16, (
    Country("AU", "Australia", 32, "Australia/Sydney", "+61 2 5550 0{:03d}", "english", ("Pty Ltd",), "com.au",
            ("Sydney", "Melbourne", "Perth")),
    Country("SG", "Singapore", 26, "Asia/Singapore", "+65 6555 0{:03d}", "asian", ("Pte Ltd",), "sg", ("Singapore",)),
    Country("IN", "India", 22, "Asia/Kolkata", "+91 22 5550 0{:03d}", "indian", ("Ltd",), "in",
            ("Mumbai", "Pune", "Chennai")),
    Country("JP", "Japan", 10, "Asia/Tokyo", "+81 3 5550 0{:03d}", "asian", ("KK",), "co.jp", ("Tokyo", "Osaka")),
    Country("NZ", "New Zealand", 10, "Pacific/Auckland", "+64 9 555 0{:03d}", "english", ("Ltd",), "co.nz",
            ("Auckland", "Wellington")),
))  # fmt: skip
ELSEWHERE = Region("elsewhere", "", 2, (
    Country("NG", "Nigeria", 35, "Africa/Lagos", "+234 1 555 0{:03d}", "english", ("Ltd",), "com.ng", ("Lagos",)),
    Country("TR", "Turkey", 35, "Europe/Istanbul", "+90 212 555 0{:d} 1", "polish", ("AS",), "com.tr", ("Istanbul",)),
    Country("ZA", "South Africa", 30, "Africa/Johannesburg", "+27 11 555 0{:03d}", "english", ("Pty Ltd",), "co.za",
            ("Johannesburg",)),
))  # fmt: skip
REGIONS = (EMEA, AMERICAS, APAC, ELSEWHERE)

_FIRST = {
    "english": "Olivia Amelia Grace Emily Hannah Sophie Megan Claire Rachel Laura James Oliver Jack Harry Thomas "
    "Daniel Samuel Benjamin Matthew Andrew Brian Kevin Nathan Erica Monica Denise Carlos Marcus Tyler Holly",
    "german": "Anna Katharina Julia Lena Sabine Petra Monika Claudia Heike Birgit Lukas Jonas Felix Stefan Thomas "
    "Andreas Markus Jürgen Matthias Tobias Florian Jens Uwe Ingrid Nadine",
    "french": "Camille Léa Chloé Manon Sophie Nathalie Isabelle Julien Nicolas Pierre Antoine Mathieu Laurent Thierry "
    "Céline Élodie Guillaume Vincent",
    "dutch": "Emma Sanne Fleur Lotte Marieke Daan Sem Bram Pieter Joost Maarten Willem Anouk Femke Ruben",
    "nordic": "Elsa Astrid Linnea Ingrid Karin Erik Lars Nils Anders Johan Mats Björn Sofia Freja Oskar",
    "polish": "Zofia Hanna Agnieszka Katarzyna Piotr Tomasz Marek Pawel Ayse Elif Mehmet Emre Deniz Jakub",
    "spanish": "Lucía Sofía Valentina Camila Mateo Santiago Diego Javier Fernanda Rafael Bruno Larissa Thiago Paula",
    "asian": "Mei Xin Hui Jia Wei Jun Kenji Yuki Haruto Aiko Sakura Min Li Hana Daichi Siti Farid",
    "indian": "Priya Ananya Kavya Neha Pooja Rahul Arjun Vikram Rohan Sanjay Amit Deepa Lakshmi Suresh Nikhil",
}
_LAST = {
    "english": "Walker Hughes Bennett Foster Grant Ellis Porter Reed Shaw Hayes Marsh Doyle Quinn Barrett Sutton Wells "
    "Harmon Briggs Coleman Dalton Everett Fletcher Garner Holt Irwin Keller Lawson Mercer Norris Osborne Prescott",
    "german": "Brandt Vogel Keller Lorenz Winkler Seidel Hartmann Krüger Böhm Pfeiffer Ziegler Lindner Arnold Reuter "
    "Engel Schubert Thiele Hauser Kessler Wagner Scholz Dietrich Ebert Falk Gerlach",
    "french": "Moreau Lefèvre Garnier Faure Chevalier Perrin Marchand Dufour Blanchard Colin Renaud Aubert Giraud "
    "Lemoine Charpentier",
    "dutch": "Visser Bakker Mulder Dekker Kuipers Postma Hoekstra Vermeer Jansen Willems Kok Brouwer Schouten",
    "nordic": "Lindqvist Bergström Nyström Sandberg Ekman Holm Dahl Falk Hedlund Strand Sundin Åberg",
    "polish": "Nowak Zielinska Kaminski Wojcik Mazur Krawczyk Yilmaz Kaya Demir Aydin Pawlak Dudek",
    "spanish": "Herrera Ortega Vega Navarro Rojas Campos Silva Barros Mendes Fuentes Salazar Pinto Ramos",
    "asian": "Tan Lim Ng Goh Chua Teo Sato Tanaka Mori Ito Kimura Nakamura Wong Koh Ong Lee",
    "indian": "Sharma Iyer Menon Kulkarni Desai Nair Rao Bose Chatterjee Mehta Kapoor Joshi Reddy",
}
FIRST_NAMES = {key: tuple(text.split()) for key, text in _FIRST.items()}
LAST_NAMES = {key: tuple(text.split()) for key, text in _LAST.items()}


def choose_region(rng: Random) -> Region:
    return rng.choices(REGIONS, [region.weight for region in REGIONS])[0]


def choose_country(rng: Random, region: Region) -> Country:
    return rng.choices(region.countries, [country.weight for country in region.countries])[0]


def choose_name(rng: Random, country: Country) -> tuple[str, str]:
    """First and last name of somebody there."""
    return rng.choice(FIRST_NAMES[country.names]), rng.choice(LAST_NAMES[country.names])


def choose_phone(rng: Random, country: Country) -> str:
    """A number from a range kept for fiction where the country has one; else one that is merely possible."""
    return country.phone.format(rng.randrange(100) if "03d" in country.phone else rng.randrange(10))
