import { defineConfig, MailshotError } from 'astro-mailshot/config'
import { outbox } from 'astro-mailshot/transports/outbox'
import { smtp } from 'astro-mailshot/transports/smtp'

const {
  SITE_URL,
  SITE_PROXIES,
  SMTP_HOST,
  SMTP_PORT,
  SMTP_TLS,
  SMTP_USER,
  SMTP_PASSWORD,
  MAILSHOT_PACE,
} = process.env

/**
 * Everything that differs between machines comes from the environment (.env.example); all of it has a default, also where
 * it is empty, as CI hands over what is not set.
 */
export default defineConfig({
  site: SITE_URL || 'http://localhost:4321',
  proxies: proxies(),
  title: 'Lisière',
  from: 'Lisière <lettre@lisiere.example>',
  replyTo: 'bonjour@lisiere.example',
  postalAddress: '12, rue des Tanneurs, 38000 Grenoble, France',
  lang: 'fr',
  timeZone: 'Europe/Paris',
  pageLayout: 'src/layouts/Site.astro',
  lists: {
    weekly: {
      title: { fr: 'La lettre du vendredi', en: 'The Friday letter' },
      description: {
        fr: 'Une sortie, une histoire et l’agenda, chaque vendredi matin.',
        en: 'A walk, a story and the diary, every Friday morning.',
      },
    },
    product: {
      title: { fr: 'Les nouvelles de l’Atlas', en: 'Atlas news' },
      description: {
        fr: 'Ce qui change dans notre carte des sentiers, quatre fois par an.',
        en: 'What is new in our map of the paths, four times a year.',
      },
      from: 'L’Atlas de Lisière <atlas@lisiere.example>',
    },
  },
  fields: {
    city: {
      label: { fr: 'Ville', en: 'City' },
      description: {
        fr: 'Pour les sorties près de chez vous.',
        en: 'For the walks near your home.',
      },
      form: 'optional',
    },
    plan: {
      type: 'choice',
      choices: ['free', 'pro'],
      label: { fr: 'Formule de l’Atlas', en: 'Atlas plan' },
    },
  },
  signUp: { invitations: true },
  transport: transport(),
  pace: MAILSHOT_PACE || '1000/hour',
})

/** What stands before the site, with commas, or `none`; where that is not said, nobody is limited by network address. */
function proxies(): string[] | undefined {
  if (!SITE_PROXIES) return undefined
  return SITE_PROXIES === 'none' ? [] : SITE_PROXIES.split(',')
}

/** The SMTP server of the environment; without one, mails become files in `out/`. */
function transport() {
  if (!SMTP_HOST) return outbox({ folder: 'out' })
  return smtp({
    host: SMTP_HOST,
    ...(SMTP_PORT && { port: Number(SMTP_PORT) }),
    tls: tlsMode(SMTP_TLS || 'starttls'),
    ...(SMTP_USER && { user: SMTP_USER, password: SMTP_PASSWORD }),
  })
}

function tlsMode(text: string) {
  const mode = (['starttls', 'implicit', 'none'] as const).find((one) => one === text)
  if (mode) return mode
  throw new MailshotError(`SMTP_TLS: "${text}" is not a mode; say starttls, implicit or none`)
}
