"""Groups of categories that the demo catalogue confuses on purpose, with the words that all of a group share.

The names of makers and works are invented.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Siblings:
    """Categories that share names and, in an ambiguous title, all of their wording.

    A title that is only `phrase name detail` fits every one of `codes`; the photo has to decide.
    """

    codes: tuple[int, ...]
    names: tuple[str, ...]
    sample_names: tuple[str, ...]
    phrases: tuple[str, ...]
    details: tuple[str, ...]
    sentences: tuple[str, ...]


SIBLINGS: tuple[Siblings, ...] = (
    Siblings(
        codes=(40, 50, 60, 2462, 2905),
        names=("Novabox", "Pixelia", "Kuroda", "Orbis 4", "Turbo Rallye", "Cités Perdues", "Astro Légion", "Zeldria"),
        sample_names=("Hyperion", "Médusa 64", "Royaumes Brisés"),
        phrases=("Univers", "Édition collector", "Spécial joueurs", "Gamme gamer", "Spécial fans", "Série limitée"),
        details=(
            "édition deluxe",
            "édition 2018",
            "offre spéciale",
            "neuf",
            "édition anniversaire",
            "garantie 1 an",
            "série or",
            "jamais utilisé",
            "version complète",
            "numéro 2",
        ),
        sentences=(
            "Idéal pour les longues soirées entre joueurs.",
            "Commande traitée sous 24 h.",
            "Un classique que les fans attendaient.",
            "Vérifié et garanti par notre boutique.",
        ),
    ),
    Siblings(
        codes=(10, 2280, 2403, 2705),
        names=(
            "Jeanne Valcourt",
            "Émile Tardieu",
            "Le Courrier du Soir",
            "Histoires de Provence",
            "Arsène Morel",
            "Voyages Immobiles",
            "Claire Aubusson",
            "La Revue des Ondes",
        ),
        sample_names=("Solène Garrigue", "Le Phare", "Hector Vauban"),
        phrases=("Récits choisis", "Lecture", "Spécial été", "Collection", "Le monde selon", "Hors commerce"),
        details=(
            "tirage limité",
            "édition illustrée",
            "texte intégral",
            "beau papier",
            "parution de mars",
            "couverture bleue",
            "année 2019",
            "en français",
            "imprimé en France",
            "préface inédite",
        ),
        sentences=(
            "Une lecture agréable pour toute la famille.",
            "Envoi soigné sous enveloppe à bulles.",
            "Pour tous ceux qui aiment lire.",
            "À lire et à relire sans modération.",
        ),
    ),
    Siblings(
        codes=(1140, 1160, 1180),
        names=(
            "Dragons d'Eldor",
            "Légende Écarlate",
            "Mechanor",
            "Ninja Kage",
            "Créatures de Brume",
            "Empire Stellaire",
        ),
        sample_names=("Titans d'Azur", "Ombres de Valmir"),
        phrases=("Collection", "Pièce rare", "Objet de collection", "Univers", "Licence officielle", "Passion"),
        details=(
            "édition limitée",
            "série 3",
            "rareté or",
            "neuf",
            "numéroté",
            "extension 2",
            "sortie 2017",
            "première vague",
            "personnage principal",
            "version française",
        ),
        sentences=(
            "Un indispensable pour les collectionneurs.",
            "Produit sous licence officielle.",
            "Conservé à l'abri de la lumière.",
            "Vendu par un passionné.",
        ),
    ),
    Siblings(
        codes=(1280, 1281, 1300, 1302),
        names=("Lutinours", "Jouatout", "Petits Génies", "Filou", "Zazou", "Récréo"),
        sample_names=("Bambolino", "Grand Large"),
        phrases=(
            "Jeu enfant",
            "Cadeau d'anniversaire",
            "Loisirs",
            "Idée cadeau",
            "Pour s'amuser",
            "Le préféré des enfants",
        ),
        details=(
            "grand modèle",
            "nouvelle édition",
            "dès 8 ans",
            "multicolore",
            "de 8 à 12 ans",
            "pour toute la famille",
            "dès 6 ans",
            "édition spéciale",
            "pour débuter",
            "coffret complet",
        ),
        sentences=(
            "Développe l'imagination et l'adresse.",
            "Conforme aux normes de sécurité européennes.",
            "Des heures d'amusement garanties.",
            "Un cadeau qui plaît à coup sûr.",
        ),
    ),
    Siblings(
        codes=(1301, 1320),
        names=("Câlinou", "Petit Nuage", "Doudoune", "Bébé Lune", "Mimosa"),
        sample_names=("Rose des Bois", "Plumette"),
        phrases=("Bébé", "Cadeau de naissance", "Pour nouveau-né", "Essentiel bébé", "Tendresse bébé", "Layette"),
        details=(
            "0-6 mois",
            "gris étoiles",
            "unisexe",
            "motif lapin",
            "6-12 mois",
            "motif ourson",
            "rose poudré",
            "bleu ciel",
            "motif renard",
            "dès la naissance",
        ),
        sentences=(
            "Tout doux avec la peau de bébé.",
            "Facile à laver.",
            "Un joli cadeau de naissance.",
            "Certifié sans substances nocives.",
        ),
    ),
    Siblings(
        codes=(1560, 1920, 2060),
        names=("Scandi", "Atelier Gustave", "Maison Lin", "Loft 27", "Bohème", "Villa Rosa"),
        sample_names=("Casa Sol", "Nordique & Co"),
        phrases=("Collection chambre", "Style", "Intérieur", "Ambiance salon", "Gamme maison", "Nouveauté maison"),
        details=(
            "blanc cassé",
            "gris anthracite",
            "tons doux",
            "style scandinave",
            "beige naturel",
            "vert sauge",
            "finition soignée",
            "esprit campagne",
            "bleu canard",
            "terracotta",
        ),
        sentences=(
            "Apporte une touche chaleureuse à votre intérieur.",
            "S'accorde avec tous les styles.",
            "Livraison soignée à domicile.",
            "Une valeur sûre pour la maison.",
        ),
    ),
    Siblings(
        codes=(2582, 2583, 2585),
        names=("Jardivert", "Robustal", "Oasis Bleue", "Terrasse & Moi", "Mistral", "Solano"),
        sample_names=("Clos Fleuri", "Garrigue Pro"),
        phrases=(
            "Équipement extérieur",
            "Spécial jardin",
            "Pour la belle saison",
            "Accessoire jardin",
            "Kit complet",
            "Extérieur",
        ),
        details=(
            "résistant aux intempéries",
            "grand modèle",
            "gris",
            "avec notice",
            "modèle renforcé",
            "qualité professionnelle",
            "coloris vert",
            "nouvelle version",
            "longue durée",
            "garantie 2 ans",
        ),
        sentences=(
            "Montage facile et rapide.",
            "Résiste au soleil et à la pluie.",
            "Indispensable pour profiter des beaux jours.",
            "Matériaux de qualité, conçus pour durer.",
        ),
    ),
    Siblings(
        codes=(1940, 2220, 2522),
        names=("Maître Basile", "Tilleul", "Comptoir Bleu", "Bonne Patte", "Sauvageon", "La Fabrique"),
        sample_names=("Chez Augustin", "Trois Moulins"),
        phrases=("Assortiment", "Lot découverte", "Maxi format", "Coffret", "Réserve", "Formule économique"),
        details=(
            "petit prix",
            "gamme nature",
            "gamme tradition",
            "très demandé",
            "qualité supérieure",
            "fabriqué en France",
            "série verte",
            "sélection du mois",
            "prix doux",
            "lot de 3",
        ),
        sentences=(
            "Un format pratique et économique.",
            "Expédié avec soin.",
            "Fabriqué en France avec soin.",
            "Idéal pour tous les jours.",
        ),
    ),
)
