/** A route that the integration gives the site. */
export interface SiteRoute {
  /** Below the config's `base`, or below its `archive`. */
  at: 'base' | 'archive'
  pattern: string
  /** In `routes/`. */
  file: string
  methods: readonly ('GET' | 'POST')[]
  /**
   * `page`: read and posted by people, on this site only. `token`: the same, behind a link in a mail. `machine`: called by
   * mail services and programs, whose POST has no Origin. `preview`: for editors, in development.
   */
  kind: 'page' | 'token' | 'machine' | 'preview'
}

/** Every route, in one place: the integration injects them, the middleware guards them. */
export const siteRoutes: readonly SiteRoute[] = [
  route('/subscribe', 'subscribe.astro', 'page', 'GET', 'POST'),
  route('/links', 'links.astro', 'page', 'GET', 'POST'),
  // With all that follows, and with nothing: a link that was cut or rewritten on its way is explained, not just not found.
  route('/confirm/[...token]', 'confirm.astro', 'token', 'GET', 'POST'),
  // RFC 8058 §3.1: a mail service posts here for its user, from its own servers.
  route('/unsubscribe/[...token]', 'unsubscribe.astro', 'machine', 'GET', 'POST'),
  route('/preferences/[...token]', 'preferences.astro', 'token', 'GET', 'POST'),
  route('/change-address/[...token]', 'change-address.astro', 'token', 'GET', 'POST'),
  route('/invite/[...token]', 'invite.astro', 'token', 'GET', 'POST'),
  route('/stay/[...token]', 'stay.astro', 'token', 'GET', 'POST'),
  route('/stop/[...token]', 'stop.astro', 'token', 'GET', 'POST'),
  route('/view/[...token]', 'view.astro', 'token', 'GET'),
  route('/open/[...token]', 'open.ts', 'token', 'GET'),
  route('/click/[...token]', 'click.astro', 'token', 'GET'),
  // One for each ending: only so does Astro take them for files, which never end with a slash.
  route('/media/[name].jpg', 'media.ts', 'page', 'GET'),
  route('/media/[name].png', 'media.ts', 'page', 'GET'),
  route('/media/[name].gif', 'media.ts', 'page', 'GET'),
  // Where old mails of another system are sent on to: their mail services post here too.
  route('/former/[...path]', 'former.astro', 'machine', 'GET', 'POST'),
  route('/health', 'health.ts', 'page', 'GET'),
  route('/webhooks/[...path]', 'webhook.ts', 'machine', 'GET', 'POST'),
  route('/api/sends', 'api/sends.ts', 'machine', 'GET', 'POST'),
  route('/api/sends/[id]', 'api/send.ts', 'machine', 'GET'),
  route('/api/sends/[id]/recipients', 'api/recipients.ts', 'machine', 'GET'),
  route('/api/sends/[id]/stats', 'api/stats.ts', 'machine', 'GET'),
  route('/api/sends/[id]/[action]', 'api/send-action.ts', 'machine', 'POST'),
  route('/api/audience', 'api/audience.ts', 'machine', 'POST'),
  route('/api/subscribe', 'api/subscribe.ts', 'machine', 'POST'),
  route('/api/events', 'api/events.ts', 'machine', 'GET'),
  route('/api/purge', 'api/purge.ts', 'machine', 'POST'),
  route('/api/export/[kind]', 'api/export.ts', 'machine', 'GET'),
  // What is not there is said in JSON too.
  route('/api/[...path]', 'api/unknown.ts', 'machine', 'GET', 'POST'),
  route('/preview', 'preview/index.astro', 'preview', 'GET'),
  route('/preview/letters/[kind]', 'preview/letter.astro', 'preview', 'GET'),
  route('/preview/letters/[kind]/[part]', 'preview/letter-part.ts', 'preview', 'GET'),
  route('/preview/[slug]', 'preview/campaign.astro', 'preview', 'GET'),
  route('/preview/[slug]/[part]', 'preview/part.ts', 'preview', 'GET'),
  archive('', 'archive/index.astro'),
  archive('/rss.xml', 'archive/rss.ts'),
  archive('/[slug]', 'archive/letter.astro'),
  archive('/[slug]/[lang]', 'archive/letter.astro'),
]

/** The pattern of a route in a site; undefined for the archive of a site that has none. */
function patternOf(
  { at, pattern }: SiteRoute,
  config: { base: string; archive: string | false },
): string | undefined {
  if (at === 'base') return config.base + pattern
  return config.archive === false ? undefined : config.archive + pattern
}

/** The same with those of before, where a route has to answer for years: links in mails, their images, and what providers post. */
export function patternsOf(
  one: SiteRoute,
  config: { base: string; formerBases: readonly string[]; archive: string | false },
): string[] {
  const isLasting = one.kind === 'token' || lasting.has(one.file)
  const bases = [config.base, ...(isLasting ? config.formerBases : [])]
  return [...new Set(bases.flatMap((base) => patternOf(one, { ...config, base }) ?? []))]
}

const lasting = new Set(['unsubscribe.astro', 'media.ts', 'webhook.ts'])

function route(
  pattern: string,
  file: string,
  kind: SiteRoute['kind'],
  ...methods: SiteRoute['methods']
): SiteRoute {
  return { at: 'base', pattern, file, kind, methods }
}

function archive(pattern: string, file: string): SiteRoute {
  return { at: 'archive', pattern, file, kind: 'page', methods: ['GET'] }
}
