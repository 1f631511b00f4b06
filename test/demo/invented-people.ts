export interface Person {
  email: string
  /** Empty for a few: the campaign's default greets them. */
  name: string
  lang: 'fr' | 'en'
  city: string
  plan: 'free' | 'pro'
}

const first = {
  fr: 'Zoë,Jean-François,Noémie,Loïc,Élodie,Anaïs,Gaël,Chloé,Benoît,Maëlle,Hélène,Rémi,Inès,Théo,Océane,Stéphane,Agnès,Joël,Béatrice,Cécile'.split(
    ',',
  ),
  en: 'Siobhán,Oliver,Zadie,Harry,Imogen,Aoife,Rhys,Chloë,Dev,Freya,Angus,Priya,Callum,Renée,Noah,Beatrix,Ewan,Niamh,Tom,Esmé'.split(
    ',',
  ),
}

const last = {
  fr: "Lefèvre,O'Kelly,d'Alembert,Le Goff,Müller,L’Hôte,Dubois-Garçon,N'Diaye,Besançon,de la Tour,Çelik,Pérez,Guérin,Saint-Éloi,Œuvrard".split(
    ',',
  ),
  en: "O’Connor,Smith,D'Angelo,Brontë,Fitz-Gerald,van der Berg,MacLeod,St. John,Okonkwo,Whitaker,Jones & Jones,Nuñez,Åkesson,Taylor".split(
    ',',
  ),
}

const cities = {
  fr: "Grenoble,Saint-Étienne,L'Haÿ-les-Roses,Besançon,Angoulême,Nîmes,Le Puy-en-Velay".split(','),
  en: "Bishop's Stortford,Leeds,Stoke-on-Trent,King’s Lynn,Galway,Edinburgh,Llandudno".split(','),
}

/** People who do not exist, the same on each run: two thirds read French, the others English; no name comes twice. */
export function inventPeople(count: number): Person[] {
  return Array.from({ length: count }, (_, index) => {
    const lang = index % 3 === 2 ? 'en' : 'fr'
    const place = lang === 'en' ? Math.floor(index / 3) : index - Math.floor((index + 1) / 3)
    // Each round through the first names meets the last names one further on.
    const names = [
      pick(first[lang], place),
      pick(last[lang], (place % 20) + Math.floor(place / 20)),
    ]
    return {
      email: `${names.map(plainLetters).join('.')}.${index + 1}@example.${pick(['org', 'net', 'com'], index)}`,
      name: nameOf(names, index),
      lang,
      city: pick(cities[lang], index * 3),
      plan: index % 5 === 0 ? 'pro' : 'free',
    }
  })
}

/** As a spreadsheet exports it: a byte order mark, semicolons, quotes where a value needs them. */
export function asCsv(people: readonly Person[]): string {
  const rows = people.map(({ email, name, lang, city, plan }) => [email, name, lang, city, plan])
  const lines = [['email', 'name', 'lang', 'city', 'plan'], ...rows].map((row) =>
    row.map((value) => (/[";,\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)),
  )
  return `\uFEFF${lines.map((line) => line.join(';')).join('\r\n')}\r\n`
}

function nameOf([given = '', family = '']: string[], index: number): string {
  if (index % 50 === 49) return ''
  if (index % 40 === 7) return `${given} "Jo" ${family}`
  return `${given} ${family}`
}

function pick<Value>(values: readonly Value[], index: number): Value {
  const value = values[index % values.length]
  if (value === undefined) throw new Error('nothing to pick from')
  return value
}

function plainLetters(name: string): string {
  return name
    .normalize('NFD')
    .replace('Œ', 'Oe')
    .replace(/[^A-Za-z]/g, '')
    .toLowerCase()
}
