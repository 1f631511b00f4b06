/** A walk that people can join. */
export interface Outing {
  /** `2027-01-16` */
  date: string
  title: string
  /** The station where everybody meets. */
  station: string
  /** Metres of climb. */
  climb: number
  places: number
}

/** What is planned, soonest first: the site's page and the letters show the same. */
export const outings: Outing[] = [
  {
    date: '2027-01-16',
    title: 'Les crêtes du Vercors en raquettes',
    station: 'Die',
    climb: 450,
    places: 10,
  },
  {
    date: '2027-01-31',
    title: 'Le lac gelé et sa cabane, en famille',
    station: 'Brignoud',
    climb: 220,
    places: 14,
  },
  {
    date: '2027-02-13',
    title: 'Lire la neige avant d’y marcher',
    station: 'Grenoble',
    climb: 600,
    places: 8,
  },
]

/** The day of an outing, in the parts that a page or a mail sets apart. */
export function dayOf({ date }: Outing) {
  const at = new Date(`${date}T12:00:00Z`)
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('fr', { ...options, timeZone: 'UTC' }).format(at)
  return {
    weekday: part({ weekday: 'long' }),
    day: part({ day: 'numeric' }),
    month: part({ month: 'long' }),
    shortMonth: part({ month: 'short' }),
  }
}
