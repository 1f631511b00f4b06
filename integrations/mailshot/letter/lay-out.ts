import { localize, type MailshotConfig } from '../config.ts'
import { directionOf, fill, textsFor } from '../texts.ts'
import type { LetterContent } from './content.ts'
import { letterHtml } from './html.ts'
import type { LetterWords } from './template.ts'

/** The two bodies of a letter in our words, with who writes it, and where they are, below. */
export function layOut(
  config: MailshotConfig,
  content: LetterContent,
  lang: string,
): Omit<LetterWords, 'lang'> {
  const foot = [localize(config.title, lang, config.lang), config.postalAddress]
  const dir = directionOf(lang)
  return {
    subject: content.subject,
    html: letterHtml(content, { lang, dir, foot }),
    text: textOf(content, {
      before: textsFor(config, lang).letters.beforeLink,
      foot: dir === 'rtl' ? foot.map(isolated) : foot,
    }),
  }
}

function textOf(content: LetterContent, { before, foot }: { before: string; foot: string[] }) {
  const { paragraphs, button, notes = [] } = content
  const link = button ? [`${fill(before, { label: button.label })}\n${button.url}`] : []
  return [...paragraphs, ...link, ...notes, `-- \n${foot.join('\n')}`].join('\n\n')
}

/** Apart from the script around it, so that its numbers stay where they are (Unicode TR9, FSI and PDI). */
function isolated(text: string): string {
  return `\u2068${text}\u2069`
}
