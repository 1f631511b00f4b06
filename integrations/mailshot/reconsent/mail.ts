import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatProblem } from '../campaign.ts'
import { localeOf } from '../campaign/language-tag.ts'
import type { CompiledCampaign, MediaFile } from '../compile.ts'
import { contentHash } from '../compile/content-hash.ts'
import { mediaUrl } from '../compile/media-url.ts'
import { localize, type MailshotConfig } from '../config.ts'
import { MailshotError } from '../error.ts'
import { readLetter, readLetters, type WrittenLetter } from '../letter/files.ts'
import type { LetterTemplate } from '../letter/template.ts'
import type { Mailshot } from '../mailshot.ts'
import { directionOf, fill, textLanguages, textsFor } from '../texts.ts'
import { textFor } from '../texts/fill.ts'

const kind = 're-consent'

/**
 * The mail that asks the readers of a list whether they want to stay: `campaigns/letters/re-consent.md` where the site has one, else our
 * words in all our languages.
 *
 * @throws MailshotError when the site's own has a mistake
 */
export async function reconsentMail(
  { config, now }: Pick<Mailshot, 'config' | 'now'>,
  { list, days }: { list: string; days: number },
): Promise<{ compiled: CompiledCampaign; media: MediaFile[] }> {
  const own = (await readLetters(config)).find((letter) => letter.kind === kind)
  const { template, media, problems } = own ?? (await builtIn(config, days))
  if (!template) throw new MailshotError(problems.map(formatProblem).join('\n'))
  const variants = variantsOf(template)
  const mailed = { variants, from: null, replyTo: null, track: { opens: false, clicks: false } }
  return {
    compiled: {
      slug: `${kind}-${list}-${new Date(now()).toISOString().slice(0, 10)}`,
      hash: contentHash(mailed),
      lists: [list],
      send: 'manual',
      archive: false,
      fallback: template.fallback,
      images: media.map((file) => mediaUrl(config, file)),
      ...mailed,
      pages: {},
    },
    media,
  }
}

function variantsOf({ variants }: LetterTemplate): CompiledCampaign['variants'] {
  return Object.fromEntries(
    Object.values(variants).map((variant) => [
      variant.lang,
      { ...variant, dir: directionOf(variant.lang), preheader: [], size: 0 },
    ]),
  )
}

/** Our words, written as an editor would, so that they are compiled, and laid out, as the site's own are. */
async function builtIn(config: MailshotConfig, days: number): Promise<WrittenLetter> {
  const root = await mkdtemp(join(tmpdir(), 'mailshot-re-consent-'))
  try {
    await mkdir(join(root, kind))
    await Promise.all(
      textLanguages.map((lang) =>
        writeFile(join(root, kind, `${lang}.md`), sourceOf(config, lang, days)),
      ),
    )
    return await readLetter(config, root, kind)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

function sourceOf(config: MailshotConfig, lang: string, days: number): string {
  const { subject, intro, button, leave, silence } = textsFor(config, lang).letters.reconsent
  const values = {
    title: localize(config.title, lang, config.lang),
    list: '{{ list_title }}',
    days: new Intl.NumberFormat(localeOf(lang)).format(days),
  }
  const words = (text: string) => fill(text, values)
  return `---
subject: ${words(subject)}
---

${words(intro)}

<a class="button" href="{{ url_stay }}">${words(button)}</a>

${words(textFor(silence, lang, days))}

[${words(leave)}]({{ url_unsubscribe }})
`
}
