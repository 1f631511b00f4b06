import type { LetterContent } from './content.ts'

export interface LetterFrame {
  lang: string
  dir: 'ltr' | 'rtl'
  /** Below everything, line by line: who writes, and where they are. */
  foot: string[]
}

/**
 * The HTML of a letter: what MJML makes of such a mail, written down, so that a process that only mails need not load its
 * compiler, which costs 100 MB and half a second in which nobody is answered. All that is given is text.
 */
export function letterHtml(content: LetterContent, frame: LetterFrame): string {
  const align = frame.dir === 'rtl' ? 'right' : 'left'
  const said = (text: string) => textRow(markup(text), { ...looks.content, align })
  const noted = (html: string) => textRow(html, { ...looks.foot, align })
  const rows = [
    ...content.paragraphs.map(said),
    ...(content.button ? [buttonRow(content.button)] : []),
    ...(content.notes ?? []).map((text) => noted(markup(text))),
    // A postal address keeps the order of its own script.
    noted(frame.foot.map((line) => `<span dir="auto">${escape(line)}</span>`).join('<br>')),
  ]
  return `${headOf(content.subject, frame)}
<body style="word-spacing:normal;">
${bodyOf(content.subject, frame, rows.join('\n'))}
</body>
</html>
`
}

/** The classes are for dark mode. */
const looks = {
  content: { name: 'content', size: '16px', color: '#1a1a1a' },
  foot: { name: 'foot', size: '14px', color: '#595959' },
}
const linkColor = '#1d4ed8'
/** What the mail declares by `color-scheme`, it must have: no client changes its colours then. */
const darkStyle = `:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
.content > div { color: #dcdee3 !important; }
.foot > div { color: #a6abb5 !important; }
.content > div > a, .foot > div > a { color: #8db5ff !important; }
}`

const font = `font-family:system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;`
const plainTable = 'border="0" cellpadding="0" cellspacing="0" role="presentation"'

function headOf(subject: string, { lang, dir }: LetterFrame): string {
  const spaces =
    'xmlns="http://www.w3.org/1999/xhtml" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
  return `<!doctype html>
<html lang="${escape(lang)}" dir="${dir}" ${spaces}>
<head>
<title>${escape(subject)}</title>
<!--[if !mso]><!-->
<meta http-equiv="X-UA-Compatible" content="IE=edge">
<!--<![endif]-->
<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style type="text/css">
#outlook a { padding:0; }
body { margin:0;padding:0;-webkit-text-size-adjust:100%;-ms-text-size-adjust:100%; }
table, td { border-collapse:collapse;mso-table-lspace:0pt;mso-table-rspace:0pt; }
img { border:0;height:auto;line-height:100%; outline:none;text-decoration:none;-ms-interpolation-mode:bicubic; }
p { display:block;margin:13px 0; }
</style>
<!--[if mso]>
<noscript>
<xml>
<o:OfficeDocumentSettings>
<o:AllowPNG/>
<o:PixelsPerInch>96</o:PixelsPerInch>
</o:OfficeDocumentSettings>
</xml>
</noscript>
<![endif]-->
<!--[if lte mso 11]>
<style type="text/css">
.mj-outlook-group-fix { width:100% !important; }
</style>
<![endif]-->
<style type="text/css">
@media only screen and (min-width:480px) {
.mj-column-per-100 { width:100% !important; max-width: 100%; }
}
</style>
<style media="screen and (min-width:480px)">
.moz-text-html .mj-column-per-100 { width:100% !important; max-width: 100%; }
</style>
<style type="text/css">
${darkStyle}
</style>
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
</head>`
}

function bodyOf(subject: string, { lang, dir }: LetterFrame, rows: string): string {
  return `<div aria-label="${escape(subject)}" aria-roledescription="email" role="article" lang="${escape(lang)}" dir="${dir}" style="word-spacing:normal;">
<!--[if mso | IE]><table align="center" border="0" cellpadding="0" cellspacing="0" class="" role="presentation" style="width:560px;" width="560" ><tr><td style="line-height:0px;font-size:0px;mso-line-height-rule:exactly;"><![endif]-->
<div style="margin:0px auto;max-width:560px;">
<table align="center" ${plainTable} style="width:100%;">
<tbody>
<tr>
<td style="direction:${dir};font-size:0px;padding:20px 0;text-align:center;">
<!--[if mso | IE]><table role="presentation" border="0" cellpadding="0" cellspacing="0"><tr><td class="" style="vertical-align:top;width:560px;" ><![endif]-->
<div class="mj-column-per-100 mj-outlook-group-fix" style="font-size:0px;text-align:left;direction:${dir};display:inline-block;vertical-align:top;width:100%;">
<table ${plainTable} style="vertical-align:top;" width="100%">
<tbody>
${rows}
</tbody>
</table>
</div>
<!--[if mso | IE]></td></tr></table><![endif]-->
</td>
</tr>
</tbody>
</table>
</div>
<!--[if mso | IE]></td></tr></table><![endif]-->
</div>`
}

type Look = (typeof looks)[keyof typeof looks] & { align: string }

function textRow(html: string, { name, align, size, color }: Look): string {
  const style = `${font}font-size:${size};line-height:1.6;text-align:${align};color:${color};`
  return row(align, `<div style="${style}">${html}</div>`, `class="${name}" `)
}

/** A sentence, escaped, in which addresses of pages are links. */
function markup(text: string): string {
  const parts = text.split(pageAddress).map((part, index) => {
    const shown = escape(part)
    if (index % 2 === 0) return shown.replaceAll('\n', '<br>')
    return `<a href="${shown}" dir="ltr" style="color:${linkColor};" target="_blank">${shown}</a>`
  })
  return parts.join('')
}

/** Without what ends the sentence behind it. */
const pageAddress = /(https?:\/\/[!#-;=?-~]*[\w/#=&~-])/

function buttonRow({ label, url }: { label: string; url: string }): string {
  const cell =
    'border:none;border-radius:6px;cursor:auto;mso-padding-alt:10px 25px;background:#1d4ed8;'
  const link =
    `display:inline-block;background:#1d4ed8;color:#ffffff;${font}font-size:16px;font-weight:normal;line-height:120%;margin:0;` +
    'text-decoration:none;text-transform:none;padding:10px 25px;mso-padding-alt:0px;border-radius:6px;'
  return row(
    'center',
    `<table ${plainTable} style="border-collapse:separate;line-height:100%;">
<tbody>
<tr>
<td align="center" bgcolor="#1d4ed8" role="presentation" style="${cell}" valign="middle">
<a href="${escape(url)}" style="${link}" target="_blank">${escape(label)}</a>
</td>
</tr>
</tbody>
</table>`,
  )
}

function row(align: string, inside: string, classes = ''): string {
  return `<tr>
<td align="${align}" ${classes}style="font-size:0px;padding:10px 25px;word-break:break-word;">
${inside}
</td>
</tr>`
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
