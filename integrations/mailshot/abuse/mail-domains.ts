import all from 'email-providers/all.json' with { type: 'json' }
import common from 'email-providers/common.json' with { type: 'json' }

/** National mail services that are used much, and the endings of large ones, where the package `email-providers` lacks them. */
const national = [
  'googlemail.com ymail.com rocketmail.com fastmail.com email.com',
  'protonmail.ch pm.me tutanota.com tutanota.de tuta.io posteo.net posteo.de disroot.org riseup.net',
  'bbox.fr numericable.fr aliceadsl.fr cegetel.net mail.fr hispeed.ch aon.at mail.de',
  'hotmail.fr outlook.fr live.fr gmx.fr aol.fr hotmail.be live.be yahoo.be outlook.be gmx.ch',
  'hotmail.de outlook.de live.de yahoo.de live.it hotmail.it outlook.it yahoo.it fastwebnet.it',
  'hotmail.es outlook.es yahoo.es telefonica.net hotmail.com.br outlook.com.br bol.com.br',
  'ziggo.nl kpnmail.nl xs4all.nl hotmail.nl live.nl outlook.nl upcmail.nl casema.nl',
  'hotmail.co.uk live.co.uk outlook.co.uk gmx.co.uk bk.ru inbox.ru',
  'ezweb.ne.jp softbank.ne.jp i.softbank.jp hotmail.ca live.ca outlook.ca videotron.ca',
].flatMap((names) => names.split(' '))

/** Names that are given as examples, which lists of domains collect as well. */
const examples = new Set('example.com test.com test.de www.com mydomain.com'.split(' '))

/** The mail services that most readers have, for slips in their names. Some of them are for throw-away mail. */
export const mailServices: readonly string[] = [
  ...new Set([...national, ...common.filter((domain) => !examples.has(domain))]),
]

/**
 * Whether a domain is a mail service of its own, however near its name is to another's: one of those above, or such a service in
 * another country (`outlook.ie`). A name that the package holds is no proof alone: `gmial.com` is somebody's, too.
 */
export function isMailService(domain: string): boolean {
  return services.has(domain)
}

const labels = new Set(mailServices.map(firstLabel))
/** A country's ending, but those that are a slip of `.com` themselves. */
const ofCountry = /^[^.]+\.(?:com?\.)?(?!co$|cm$|om$)[a-z]{2}$/
const services = new Set([
  ...mailServices,
  ...all.filter((domain) => ofCountry.test(domain) && labels.has(firstLabel(domain))),
])

function firstLabel(domain: string): string {
  return domain.slice(0, domain.indexOf('.'))
}
