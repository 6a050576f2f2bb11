"""What sellers of the demo catalogue write of a category's own goods: the words that tell it from its siblings."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """How one category sounds: the goods it sells, each with traits of its own, and sentences that fit any of them."""

    goods: tuple[tuple[str, tuple[str, ...]], ...]
    sentences: tuple[str, ...]


WORDINGS: dict[int, Wording] = {
    10: Wording(
        goods=(
            ("livre ancien", ("pages jaunies", "reliure cuir", "dos passé")),
            ("roman d'occasion", ("pages cornées", "bon état d'usage", "ex-libris")),
            ("livre de poche usagé", ("annoté au crayon", "tranche passée", "couverture pliée")),
            ("livre relié ancien", ("rousseurs", "dorure au dos", "exemplaire du grenier")),
            ("ouvrage d'occasion", ("déjà lu", "état correct", "cachet de bibliothèque")),
        ),
        sentences=("Livre d'occasion ayant déjà été lu.", "Exemplaire d'occasion, reliure solide."),
    ),
    40: Wording(
        goods=(
            ("jeu vidéo import Japon", ("zone NTSC", "textes japonais", "notice japonaise")),
            ("jeu import américain", ("NTSC-US", "boîtier américain", "textes anglais")),
            ("cartouche import", ("NTSC-J", "jaquette japonaise", "puce testée")),
            ("jeu NTSC-J", ("import direct", "complet en japonais", "sans traduction")),
            ("import japonais", ("zone 2", "jaquette japonaise", "édition de Tokyo")),
        ),
        sentences=("Jeu d'import, console compatible nécessaire.", "Article importé, notice en langue étrangère."),
    ),
    50: Wording(
        goods=(
            ("manette sans fil", ("bluetooth", "vibrations", "rechargeable")),
            ("câble de charge manette", ("tressé 3 m", "USB-C", "double")),
            ("housse de protection console", ("antichoc", "rigide", "zippée")),
            ("casque micro", ("7.1 surround", "filaire", "micro amovible")),
            ("volant de course", ("avec pédalier", "retour de force", "270 degrés")),
            ("batterie de manette", ("1200 mAh", "avec chargeur", "par deux")),
        ),
        sentences=("Compatible avec la plupart des consoles.", "Se branche sur la console en quelques secondes."),
    ),
    60: Wording(
        goods=(
            ("console de salon", ("500 Go", "sortie HDMI", "avec deux manettes")),
            ("console portable", ("écran 5 pouces", "autonomie 6 h", "carte 64 Go")),
            ("console rétro", ("200 jeux intégrés", "sortie péritel", "prises manettes")),
            ("pack console", ("1 To noire", "avec une manette", "câbles fournis")),
            ("console reconditionnée", ("remise à zéro", "lecteur révisé, 320 Go")),
        ),
        sentences=("Console livrée avec son alimentation.", "Console remise à zéro, prête à brancher."),
    ),
    1140: Wording(
        goods=(
            ("figurine", ("18 cm", "sur socle", "en vinyle")),
            ("statuette en résine", ("peinte à la main", "25 cm", "lourde")),
            ("mini-buste", ("12 cm", "résine patinée", "sur socle")),
            ("porte-clés figurine", ("5 cm", "en métal", "avec mousqueton")),
            ("figurine articulée", ("20 articulations", "mains amovibles", "15 cm")),
        ),
        sentences=("Figurine d'exposition, à poser sur une étagère.", "Sculpture fidèle au personnage."),
    ),
    1160: Wording(
        goods=(
            ("carte à collectionner", ("holographique", "puissance 120", "état mint")),
            ("booster de cartes", ("dix cartes", "scellé", "version française")),
            ("carte rare", ("reverse", "première édition", "sous pochette")),
            ("display de boosters", ("36 boosters", "scellé", "carton d'origine")),
            ("deck de cartes", ("60 cartes", "prêt à jouer", "avec tapis")),
        ),
        sentences=("Carte envoyée sous pochette rigide.", "Cartes authentiques, jamais jouées."),
    ),
    1180: Wording(
        goods=(
            ("jeu de rôle", ("scénario d'initiation", "livre de base", "campagne")),
            ("figurines à peindre", ("28 mm", "socles ronds", "grappe plastique")),
            ("livre de règles", ("règles avancées", "relié", "deuxième édition")),
            ("dés polyédriques", ("lot de 7", "marbrés", "dé à vingt faces")),
            ("écran du maître de jeu", ("quatre volets", "avec livret", "cartonné")),
            ("armée miniature", ("boîte de base", "28 mm", "à assembler")),
        ),
        sentences=("Pour trois à cinq aventuriers.", "Pour vos batailles de miniatures et vos campagnes."),
    ),
    1280: Wording(
        goods=(
            ("peluche", ("toute douce", "30 cm", "lavable")),
            ("poupée", ("avec vêtements", "qui parle", "40 cm")),
            ("petite voiture", ("à friction", "en métal", "avec sons")),
            ("cubes à empiler", ("en bois peint", "20 pièces", "lettres et chiffres")),
            ("dînette", ("en bois", "15 pièces", "fruits à couper")),
            ("train en bois", ("trois wagons", "aimanté", "avec rails")),
        ),
        sentences=("Jouet solide pour les petites mains.", "Un jouet pour inventer mille histoires."),
    ),
    1281: Wording(
        goods=(
            ("jeu de société", ("2 à 6 joueurs", "règles en français", "30 minutes")),
            ("jeu de plateau", ("stratégie", "plateau et pions", "coopératif")),
            ("puzzle", ("1000 pièces", "paysage", "500 pièces")),
            ("jeu de dés", ("cinq dés", "avec piste", "carnet de scores")),
            ("jeu de cartes familial", ("110 cartes", "rapide", "dès 2 joueurs")),
            ("jeu de l'oie", ("plateau en bois", "pions et dés", "grand plateau")),
        ),
        sentences=("La partie dure une demi-heure.", "Règles simples, expliquées en cinq minutes."),
    ),
    1300: Wording(
        goods=(
            ("drone quadricoptère", ("caméra HD", "vol 12 minutes", "retour automatique")),
            ("maquette d'avion", ("échelle 1/72, 80 pièces", "avec décalcomanies")),
            ("voiture radiocommandée", ("2,4 GHz", "tout-terrain", "30 km/h")),
            ("hélices de drone", ("lot de 4", "carbone", "pas inversé")),
            ("maquette de bateau", ("échelle 1/100", "coque en bois", "trois mâts")),
            ("batterie LiPo", ("11,1 V, 2200 mAh", "prise XT60")),
        ),
        sentences=("Pour modélistes débutants ou confirmés.", "Pièce compatible avec les modèles réduits courants."),
    ),
    1301: Wording(
        goods=(
            ("chaussettes bébé", ("antidérapantes", "lot de 5 paires", "pointure 16-18")),
            ("chaussons bébé", ("semelle souple", "en cuir", "à scratch")),
            ("collants bébé", ("maille fine", "côtelés", "lot de 2")),
            ("bonnet naissance", ("tricoté", "avec pompon", "doublé")),
            ("moufles bébé", ("sans pouce", "polaire", "avec cordon")),
        ),
        sentences=("Maille extensible, ne serre pas.", "Tient chaud aux petits pieds et aux petites mains."),
    ),
    1302: Wording(
        goods=(
            ("trampoline", ("filet de sécurité, 2,44 m", "charge 80 kg")),
            ("ballon de plage", ("gonflable", "50 cm", "avec pompe")),
            ("cerf-volant", ("deux lignes", "140 cm", "voile nylon")),
            ("toboggan", ("1,80 m", "avec échelle", "arrosable")),
            ("balançoire", ("siège plastique", "cordes réglables", "double")),
            ("jeu de quilles", ("six quilles", "en bois", "avec sac")),
            ("pistolet à eau", ("réservoir 1 litre", "portée 8 m", "lot de 2")),
        ),
        sentences=("Pour jouer dehors tout l'été.", "S'installe dans l'herbe ou sur la plage."),
    ),
    1320: Wording(
        goods=(
            ("poussette", ("pliage compact", "trois roues", "avec capote")),
            ("biberon", ("anti-colique", "260 ml", "en verre")),
            ("table à langer", ("avec baignoire", "pliante", "deux étagères")),
            ("veilleuse", ("rechargeable", "lumière douce", "musicale")),
            ("sac à langer", ("avec matelas", "bandoulière", "huit poches")),
            ("tapis d'éveil", ("avec arches", "réversible", "pliable")),
            ("porte-bébé", ("ceinture ventrale", "réglable", "physiologique")),
        ),
        sentences=("Accompagne les parents au quotidien.", "Matériel de puériculture facile à nettoyer."),
    ),
    1560: Wording(
        goods=(
            ("table basse", ("plateau en verre", "ronde", "chêne massif")),
            ("étagère", ("cinq niveaux", "murale", "métal et bois")),
            ("canapé d'angle", ("convertible", "cinq places", "tissu")),
            ("commode", ("trois tiroirs", "chêne massif", "pieds métal")),
            ("chaise de salle à manger", ("lot de 2", "assise velours", "pieds bois")),
            ("meuble TV", ("deux portes", "140 cm", "suspendu")),
            ("bureau", ("avec caisson", "angle", "pieds métal")),
        ),
        sentences=("Meuble livré en kit avec visserie.", "Un meuble robuste, monté en une heure."),
    ),
    1920: Wording(
        goods=(
            ("housse de couette", ("220 x 240 cm", "percale", "avec deux taies")),
            ("taie d'oreiller", ("65 x 65 cm", "satin de coton", "volant")),
            ("nappe", ("anti-taches", "ronde", "en lin lavé")),
            ("serviette de bain", ("éponge 500 g/m2", "lot de 4", "nid d'abeille")),
            ("plaid", ("polaire", "à franges", "tricoté")),
            ("drap housse", ("bonnet 30 cm", "140 x 190 cm", "jersey")),
        ),
        sentences=("Tissage serré, lavage à 60 °C.", "Un linge qui reste doux lavage après lavage."),
    ),
    1940: Wording(
        goods=(
            ("confiture", ("fraise", "370 g", "abricot")),
            ("thé vert", ("jasmin", "en sachets", "menthe")),
            ("chocolat noir", ("70 % cacao", "noisettes", "tablette")),
            ("huile d'olive", ("vierge extra", "première pression", "75 cl")),
            ("café en grains", ("torréfié", "arabica", "corsé")),
            ("miel", ("de lavande", "toutes fleurs", "crémeux")),
            ("biscuits", ("au beurre", "petits sablés", "aux amandes")),
        ),
        sentences=("Une recette gourmande, sans colorant.", "À déguster au petit déjeuner ou au goûter."),
    ),
    2060: Wording(
        goods=(
            ("vase", ("céramique émaillée", "soliflore", "fait main")),
            ("cadre photo", ("multivues", "doré", "à poser")),
            ("horloge murale", ("silencieuse", "40 cm", "chiffres romains")),
            ("guirlande lumineuse", ("20 LED", "à piles", "boules coton")),
            ("bougie parfumée", ("vanille", "cire de soja", "30 heures")),
            ("sticker mural", ("arbre", "repositionnable", "feuilles")),
            ("miroir", ("rond", "soleil", "cadre rotin")),
        ),
        sentences=("Objet décoratif à poser ou à suspendre.", "Une décoration qui attire le regard."),
    ),
    2220: Wording(
        goods=(
            ("collier pour chien", ("cuir", "réglable", "réfléchissant")),
            ("arbre à chat", ("sisal", "deux niches", "120 cm")),
            ("croquettes", ("chat stérilisé", "grande race", "au saumon")),
            ("laisse", ("rétractable 5 m", "nylon", "mains libres")),
            ("litière", ("agglomérante", "végétale", "sans poussière")),
            ("jouet pour chat", ("plumes", "balle à grelot", "herbe à chat")),
            ("aquarium", ("60 litres", "avec filtre", "éclairage LED")),
        ),
        sentences=("Votre compagnon à quatre pattes va l'adorer.", "Conseillé par des vétérinaires et des éleveurs."),
    ),
    2280: Wording(
        goods=(
            ("magazine", ("n° 214", "avec supplément", "numéro double")),
            ("revue mensuelle", ("n° 87", "dossier spécial", "juin")),
            ("journal ancien", ("du jour de naissance", "quatre pages", "une d'époque")),
            ("hebdomadaire", ("n° 1502", "programme télé", "mots croisés")),
            ("numéro de magazine", ("hors-série n° 12", "avec poster", "abonnés")),
        ),
        sentences=("Au sommaire : dossier de la semaine.", "Numéro complet, sans page découpée."),
    ),
    2403: Wording(
        goods=(
            ("lot de livres", ("5 volumes", "tomes 1 à 4", "assortis")),
            ("série complète de romans", ("tomes 1 à 7, 12 volumes", "sous coffret")),
            ("lot de romans", ("10 titres", "lot de 8", "policiers")),
            ("intégrale en coffret", ("trois tomes", "24 volumes", "reliée")),
            ("lot de bandes dessinées", ("tomes 1 à 6, 15 albums", "complet")),
            ("lot de revues", ("année complète", "12 numéros", "50 exemplaires")),
        ),
        sentences=("Tous les volumes sont vendus ensemble.", "Lot complet, aucun tome ne manque."),
    ),
    2462: Wording(
        goods=(
            ("lot de jeux vidéo", ("10 titres", "avec boîtiers", "lot varié")),
            ("lot de 5 jeux", ("disques testés", "complets", "avec notices")),
            ("lot de jeux console", ("sport et course", "8 jeux", "sans doublon")),
            ("trilogie de jeux", ("trois disques", "épisodes 1 à 3", "en boîtiers")),
            ("pack de 3 jeux", ("aventure", "boîtiers neufs", "trois disques")),
        ),
        sentences=("Tous les jeux sont vendus ensemble.", "Les disques du lot sont testés un à un."),
    ),
    2522: Wording(
        goods=(
            ("cahier", ("grands carreaux", "96 pages", "spirale")),
            ("stylo plume", ("pointe fine", "avec cartouches", "laqué")),
            ("agenda", ("semainier", "A5", "à élastique")),
            ("classeur", ("quatre anneaux", "dos 40 mm", "à levier")),
            ("carnet de notes", ("pages lignées", "A5", "couverture rigide")),
            ("crayons de couleur", ("boîte métal", "aquarellables", "triangulaires")),
            ("enveloppes", ("80 g/m2", "autocollantes", "à fenêtre")),
        ),
        sentences=("Pour l'école, le bureau ou la maison.", "Une papeterie soignée pour vos écrits."),
    ),
    2582: Wording(
        goods=(
            ("salon de jardin", ("résine tressée", "6 places", "avec coussins")),
            ("parasol", ("déporté", "toile polyester", "inclinable")),
            ("chaise longue", ("pliante", "textilène", "dossier réglable")),
            ("tonnelle", ("3 x 3 m", "toit double", "avec rideaux")),
            ("coussin de palette", ("déhoussable", "assise épaisse", "lot de 2")),
            ("hamac", ("avec support", "coton tissé", "deux places")),
            ("table de jardin", ("extensible", "aluminium", "plateau en verre")),
        ),
        sentences=("Pour des repas et des siestes en terrasse.", "Mobilier d'extérieur, se range l'hiver."),
    ),
    2583: Wording(
        goods=(
            ("piscine tubulaire", ("ronde 3,60 m", "avec échelle", "hors-sol")),
            ("chlore choc", ("galets 5 kg", "sans stabilisant", "granulés")),
            ("robot de piscine", ("nettoyeur de fond", "électrique", "hydraulique")),
            ("bâche à bulles", ("400 microns", "ovale", "bordée")),
            ("pompe de filtration", ("4 m3/h", "à sable", "0,5 ch")),
            ("épuisette de piscine", ("manche télescopique", "de surface", "de fond")),
            ("liner", ("75 centièmes", "bleu pâle", "à jonc")),
        ),
        sentences=("Pour une eau de piscine limpide.", "Pour piscines enterrées ou hors-sol."),
    ),
    2585: Wording(
        goods=(
            ("perceuse", ("18 V", "sans fil", "à percussion")),
            ("tournevis", ("cruciforme", "lot de 6", "isolé")),
            ("scie circulaire", ("1200 W", "lame carbure", "plongeante")),
            ("tondeuse", ("thermique", "bac 40 litres", "électrique")),
            ("sécateur", ("lame franche", "à cliquet", "à enclume")),
            ("clé à molette", ("250 mm", "chrome vanadium", "large ouverture")),
            ("jeu de forets", ("acier rapide", "19 pièces", "bois et métal")),
        ),
        sentences=("Pour le bricolage et les petits travaux.", "Un outil bien en main, livré affûté ou chargé."),
    ),
    2705: Wording(
        goods=(
            ("roman", ("prix des lecteurs", "rentrée littéraire", "broché neuf")),
            ("essai", ("nouvelle parution", "histoire", "idées")),
            ("livre neuf", ("sous film", "best-seller", "chez l'éditeur")),
            ("guide pratique", ("pas à pas", "édition à jour", "illustré")),
            ("premier roman", ("remarqué", "rentrée littéraire", "nouvel auteur")),
            ("nouveauté littéraire", ("sélection libraire", "vient de paraître", "avec bandeau")),
        ),
        sentences=("Livre neuf, expédié par le libraire.", "Vient de paraître, exemplaire neuf."),
    ),
    2905: Wording(
        goods=(
            ("jeu PC à télécharger", ("Windows", "configuration légère", "PC et Mac")),
            ("code de téléchargement", ("envoi par courriel", "immédiat", "utilisable une fois")),
            ("clé d'activation", ("officielle", "monde entier", "sans disque")),
            ("jeu dématérialisé", ("version PC", "saison complète", "avec extension")),
            ("téléchargement PC", ("12 Go", "accès immédiat", "multijoueur")),
        ),
        sentences=("Code envoyé par courriel, aucun envoi postal.", "Téléchargement immédiat sur ordinateur."),
    ),
}
