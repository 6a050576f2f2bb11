"""The categories of Rakuten France's product classification challenge: codes and names."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    """One shelf of a taxonomy: `code` is Rakuten's `prdtypecode`, `name` its French name."""

    code: int
    name: str
    name_en: str | None = None


RAKUTEN: tuple[Category, ...] = (
    Category(10, "Livres d'occasion", "Second-hand books"),
    Category(40, "Jeux vidéo d'import", "Imported video games"),
    Category(50, "Accessoires de console", "Console accessories"),
    Category(60, "Consoles de jeu", "Game consoles"),
    Category(1140, "Figurines et objets de collection", "Figurines and collectibles"),
    Category(1160, "Cartes à collectionner", "Trading cards"),
    Category(1180, "Jeux de rôle et de figurines", "Role-playing and miniature games"),
    Category(1280, "Jouets pour enfants", "Toys"),
    Category(1281, "Jeux de société", "Board games"),
    Category(1300, "Modélisme et drones", "Model making and drones"),
    Category(1301, "Chaussettes et articles pour bébé", "Baby socks and small clothing"),
    Category(1302, "Jeux de plein air", "Outdoor games"),
    Category(1320, "Puériculture", "Baby care"),
    Category(1560, "Mobilier d'intérieur", "Indoor furniture"),
    Category(1920, "Linge de maison", "Household linen"),
    Category(1940, "Épicerie", "Groceries"),
    Category(2060, "Décoration d'intérieur", "Interior decoration"),
    Category(2220, "Accessoires pour animaux", "Pet accessories"),
    Category(2280, "Journaux et magazines", "Newspapers and magazines"),
    Category(2403, "Lots de livres et de revues", "Sets of books and magazines"),
    Category(2462, "Lots de jeux vidéo", "Sets of video games"),
    Category(2522, "Papeterie", "Stationery"),
    Category(2582, "Mobilier de jardin", "Garden furniture"),
    Category(2583, "Piscines et accessoires", "Pools and accessories"),
    Category(2585, "Outillage et bricolage", "Tools and do-it-yourself"),
    Category(2705, "Livres neufs", "New books"),
    Category(2905, "Jeux PC à télécharger", "Downloadable PC games"),
)
