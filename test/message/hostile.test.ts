import { assert, asyncProperty, constantFrom, oneof, property, string } from 'fast-check'
import { Parser } from 'htmlparser2'
import { simpleParser } from 'mailparser'
import { describe, expect, test } from 'vitest'
import type { Reader } from '../../integrations/mailshot/message.ts'
import { compileOnly, markdown, mjml } from '../campaign-folder.ts'
import { composeFor } from '../compose-for.ts'

/** Names as people, forms and attackers write them. */
const nasty = oneof(
  string({ unit: 'binary', maxLength: 40 }),
  string({
    unit: constantFrom(
      '"',
      "'",
      '<',
      '>',
      '&',
      '.',
      '/',
      '{{',
      '}}',
      '{%',
      '%}',
      '\r\n',
      '\n',
      '\r',
      '\0',
      '=',
      '`',
      '\\',
      ']]>',
      '-->',
      '<!--',
      '</title>',
      '<script>',
      'javascript:',
      '\u202E',
      '\u2066',
      '\u200F',
      '\uD800',
      '\uDC00',
      '\uFDD0{',
      '}\uFDD1',
      '\uFDD0%',
      '\uFFFF',
      '\u2028',
      '\u0085',
      'zq0x',
      '👩‍👩‍👧',
      'ß',
      'a',
      ' ',
      'Bcc: x@y.org',
      ':',
      ',',
      ';',
      '@',
      '=?UTF-8?Q?=0A?=',
    ),
    maxLength: 30,
  }),
  constantFrom(
    '.',
    '..',
    '\0..',
    'x'.repeat(10_240),
    'é"<'.repeat(3500),
    '\r\nBcc: all@example.org\r\n\r\n<b>'.repeat(300),
  ),
)

const anyone = '{{ nom | default: "x" }}'
/** Every place that a value may stand in, in Markdown. */
const everywhere = markdown(
  [
    `Bonjour ${anyone}, [a](${anyone}) [b](https://a.org/${anyone}?q={{ city | default: "x" }})`,
    `[c](https://a.org/${anyone}/${anyone}/x) [d](https://a.org/x#${anyone}) [e](mailto:a@b.org?subject=${anyone})`,
    `[f]({% if nom %}https://a.org/${anyone}/y{% else %}{{ url_view }}{% endif %})`,
    `[g]({% if city %}{{ city }}{% else %}${anyone}{% endif %})`,
    `![${anyone}](https://a.org/${anyone} "${anyone}")`,
    '{% if nom %}\n## {{ nom | upcase }} {{ nom | append: "!" }}\n{% endif %}',
    `| a |\n|---|\n| ${anyone} |`,
    `\`${anyone}\`\n\n\`\`\`\n${anyone}\n\`\`\``,
    `<b title='${anyone}' lang="${anyone}" dir="${anyone}" aria-label="${anyone}">${anyone}</b>`,
    `<blockquote cite="${anyone}">${anyone}</blockquote>`,
  ].join('\n\n'),
  `subject: ${anyone} et {{ city | default: "x" }}`,
  `preheader: ${anyone}`,
)

/** Every tag, attribute and comment of a page, without the texts that may differ. */
function structure(html: string): string {
  const seen: string[] = []
  const parser = new Parser({
    onopentag: (name, attributes) => seen.push(`<${name} ${Object.keys(attributes).join(' ')}>`),
    onclosetag: (name) => seen.push(`</${name}>`),
    oncomment: (text) => seen.push(`<!--${text}-->`),
  })
  parser.end(html)
  return seen.join('\n')
}

/** The links of the page to our own site, and the paths that they must have, whatever the values. */
function linksToA(html: string): { url: URL; path: RegExp }[] {
  const paths: Record<string, RegExp> = {
    b: /^\/[^/]*$/,
    c: /^\/[^/]*\/[^/]*\/x$/,
    d: /^\/x$/,
    f: /^\/(?:[^/]*\/y|mailshot\/view\/.*)$/,
  }
  return Array.from(html.matchAll(/href="([^"]*)"[^>]*>([bcdf])<\/a>/g), ([, href = '', name]) => ({
    url: new URL(href.replaceAll('&amp;', '&').replaceAll('&#39;', "'")),
    path: paths[name ?? ''] ?? /^$/,
  }))
}

describe('composeMessage, whatever a name holds', () => {
  test('leaves the markup as it is', async () => {
    const compiled = await compileOnly({ 'a.md': everywhere })
    const full = structure(composeFor(compiled).html)
    // A condition asks for the name.
    const nameless = structure(composeFor(compiled, { name: '' }).html)
    assert(
      property(nasty, nasty, (name, city) => {
        const { html } = composeFor(compiled, { name, attributes: { city } })
        expect(structure(html)).toBe(name === '' ? nameless : full)
        expect(html).not.toMatch(/(?:href|src|cite)="\s*(?!https?:|mailto:|tel:|#)/i)
        for (const { url, path } of linksToA(html)) {
          expect(url.host).toBe(url.pathname.startsWith('/mailshot/') ? 'example.org' : 'a.org')
          expect(url.pathname).toMatch(path)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('leaves the markup of an MJML campaign as it is', async () => {
    const compiled = await compileOnly({
      'a.mjml': mjml(
        `<mj-section><mj-column><mj-text>{{ nom | default: "x" }}</mj-text>
        <mj-image src="https://a.org/a.png" href="{{ city | default: "x" }}" alt='{{ nom | default: "x" }}' title="{{ nom | default: "x" }}" />
        <mj-button href="https://a.org/?q={{ nom | default: "x" }}">{{ nom | default: "x" }}</mj-button></mj-column></mj-section>`,
      ),
    })
    const harmless = structure(composeFor(compiled).html)
    assert(
      property(nasty, nasty, (name, city) => {
        expect(structure(composeFor(compiled, { name, attributes: { city } }).html)).toBe(harmless)
      }),
      { numRuns: 200 },
    )
  })

  test('shows no placeholder of ours, and no half character', async () => {
    const compiled = await compileOnly({ 'a.md': everywhere })
    const harmless = nasty.filter((name) => !/[{}%z]/.test(name))
    assert(
      property(harmless, (name) => {
        const { subject, html, text } = composeFor(compiled, { name, attributes: {} })
        for (const part of [subject, html, text]) {
          expect(part).not.toMatch(/\{\{|\}\}|\{%|%\}|zq+\d|mailshot_|[\uFDD0\uFDD1]/)
          expect(part.isWellFormed()).toBe(true)
          expect(part).not.toMatch(/[\0\u202E\u2066]/)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('leaves the headers and the parts of the mail as they are', async () => {
    const compiled = await compileOnly({ 'a.md': everywhere })
    const headersOf = async (reader: Partial<Reader>) => {
      const message = composeFor(compiled, reader)
      const mail = await simpleParser(message.mime())
      return { mail, message, keys: mail.headerLines.map(({ key }) => key) }
    }
    const { keys: harmless } = await headersOf({})
    await assert(
      asyncProperty(nasty, nasty, async (name, city) => {
        const { mail, message, keys } = await headersOf({ name, attributes: { city } })
        expect(keys).toEqual(harmless)
        expect(`${message.subject}${message.to.name}`).not.toMatch(/[\r\n\0\u2028]/)
        expect(message.to.name.length).toBeLessThan(300)
        expect(mail.to).toMatchObject({ value: [{ address: 'Camille@example.org' }] })
        expect(mail.to && 'value' in mail.to && mail.to.value.length).toBe(1)
        expect(mail.attachments).toEqual([])
        expect(mail.html).toBe(message.html)
        expect(mail.text).toBe(message.text)
      }),
      { numRuns: 100 },
    )
  })
})
