import type { PreviewTexts } from '../texts.ts'

export const fr: PreviewTexts = {
  title: 'Aperçu des mails',
  campaigns: 'Campagnes',
  follows: 'Cette page suit les fichiers : enregistrez, elle se met à jour.',
  count: '{count} dans {folder}/, de la plus récente à la plus ancienne',
  newer: 'Plus récentes',
  older: 'Plus anciennes',
  empty: {
    title: 'Pas encore de campagne',
    intro: 'Une campagne est un simple fichier. Enregistrez celui-ci sous {file} :',
    next: 'Elle apparaît alors ici, telle que le mail se présentera. Regarder n’envoie rien.',
  },
  example: {
    subject: 'Bonjour {{ nom | default: "à tous" }}',
    preheader: 'La ligne que la boîte de réception montre après l’objet.',
    body: 'Bonjour {{ nom | default: "à tous" }},\n\nÉcrivez ici en **Markdown**, avec des [liens](https://example.org).',
  },
  unknown: {
    title: 'Pas de campagne « {slug} »',
    intro: 'Il n’y a ni fichier ni dossier de ce nom dans {folder}/.',
    near: 'Celles-ci existent :',
  },
  noSubject: 'Sans objet',
  letters: {
    title: 'Mails à une personne',
    intro:
      'Ce que reçoit une personne quand elle fait quelque chose. Écrivez les vôtres dans {folder}/letters/, ou laissez-les ainsi.',
    own: 'Vos mots',
    builtIn: 'Les mots de Mailshot',
    write: 'Ce sont les mots de Mailshot. Écrivez {file} pour avoir les vôtres.',
    wrong:
      'Il y a une erreur dans vos mots : ceux de Mailshot partent tant qu’elle n’est pas corrigée.',
    names: {
      confirmation: 'Inscription à confirmer',
      invitation: 'Invitation d’un lecteur',
      welcome: 'Bienvenue',
      goodbye: 'Au revoir',
      'change-address': 'Nouvelle adresse à confirmer',
      'address-changed': 'Adresse changée, à l’ancienne',
      links: 'Liens vers ses propres pages',
      're-consent': 'Voulez-vous rester ?',
    },
  },
  facts: {
    file: 'Fichier',
    format: 'Format',
    languages: 'Langues',
    lists: 'À',
    readers: 'Seulement',
    send: 'Envoi',
    size: 'Poids',
    images: 'Images',
  },
  readers: {
    without: 'sans : {condition}',
    count: '{readers} lecteurs sur {of}',
  },
  send: {
    manual: 'à la main',
    onMerge: 'quand son fichier arrive dans la branche principale',
    at: '{time}',
    local: '{time}, à l’heure de chacun',
  },
  problems: {
    title: 'Ce qui ne va pas',
    none: 'Rien à signaler',
    errors: 'Erreurs : {count}',
    warnings: 'Avertissements : {count}',
    error: 'Erreur',
    warning: 'Avertissement',
  },
  broken: {
    title: 'Il n’y a pas de mail à montrer',
    compiling: 'La compilation s’est interrompue : {reason}',
    composing:
      'Le mail ne peut pas être composé pour cette personne : ses champs restent ouverts, et il ne partirait pas : {reason}',
    rendering: 'Son HTML n’a pas pu être produit. Ce qui ne va pas est dit plus haut.',
  },
  inbox: 'Dans la boîte de réception',
  mail: 'Le mail',
  phone: 'Téléphone, {width} px',
  desktop: 'Ordinateur, {width} px',
  light: 'Clair',
  dark: 'Sombre',
  scheme: 'Messagerie réglée sur',
  noDark:
    'Ce mail n’a pas de couleurs à lui pour le mode sombre : certaines messageries le montrent tel quel, d’autres l’inversent à leur façon.',
  openAlone: 'Ouvrir seul',
  textPart: 'Partie texte',
  headers: 'En-têtes',
  source: 'Télécharger en .eml, {size}',
  envelope: 'Enveloppe',
  envelopeText: 'de {from} (les retours y arrivent) à {to}',
  weight: {
    html: '{size} ; Gmail en montre {limit}',
    tooLarge: '{size} de HTML : Gmail n’en affiche que les {limit} premiers',
    images: '{count}, {size}',
  },
  reader: {
    title: 'Pour qui',
    language: 'Langue',
    list: 'Liste',
    allLists: 'Toutes',
    name: 'Nom',
    email: 'Adresse',
    show: 'Montrer',
    reset: 'Recommencer',
    subscriber: 'Une personne abonnée',
    subscriberHint:
      'Par son adresse, dans la base de cette machine : le mail tel qu’elle le reçoit.',
    links:
      'Les liens propres à chaque personne (se désinscrire, préférences) ne mènent nulle part ici.',
  },
  notes: {
    inventedOnly:
      'Les vraies personnes ne se montrent qu’en développement : celle-ci est inventée.',
    unknownAddress: 'Personne ici n’a l’adresse {address} : cette personne est inventée.',
    noDatabase: 'La base ne peut pas être lue, cette personne est donc inventée : {reason}',
    suppressed: '{address} ne recevrait rien : l’adresse est bloquée ({reason}).',
    notOnList:
      '{address} ne le recevrait pas : cette personne n’est abonnée à aucune de ses listes.',
    otherLanguage: 'Il n’existe pas en {asked} : ces personnes reçoivent la version en {given}.',
    wrongAddress: '« {written} » n’est pas une adresse électronique.',
  },
}
