import { describe, expect, test } from 'vitest'
import { listCampaigns, readCampaign } from '../integrations/mailshot/campaign.ts'
import { readFrontMatter } from '../integrations/mailshot/campaign/front-matter.ts'
import { campaignFolder, markdown, mjml, problemsOf, readOnly } from './campaign-folder.ts'

describe('listCampaigns', () => {
  test('names files and folders of languages, sorted', async () => {
    const config = campaignFolder({
      '2026-11-hello.md': '',
      '2026-09-digest.mjml': '',
      '2026-10-both/fr.md': '',
      '2026-10-both/en.mjml': '',
    })
    expect(await listCampaigns(config)).toEqual(['2026-09-digest', '2026-10-both', '2026-11-hello'])
  })

  test('leaves out layouts, drafts, pictures and notes', async () => {
    const config = campaignFolder({
      'layouts/own.mjml': '',
      '_draft.md': '',
      '.hidden.md': '',
      'README.md': '',
      'photo.jpg': '',
      'photos/a.jpg': '',
    })
    expect(await listCampaigns(config)).toEqual([])
  })

  test('finds nothing where there is no folder', async () => {
    expect(await listCampaigns(campaignFolder({}, { campaigns: '/nonexistent' }))).toEqual([])
  })
})

async function subjectOf(line: string): Promise<string | undefined> {
  const { campaign } = await readOnly({ 'a.md': markdown('Text', line) })
  return campaign.variants['fr']?.subject.text
}

describe('readCampaign', () => {
  test('reads a subject with a colon literally', async () => {
    expect(await subjectOf('subject: Assemblée générale : ordre du jour')).toBe(
      'Assemblée générale : ordre du jour',
    )
  })

  test('takes every value as it is written, whatever YAML makes of it', async () => {
    const { data } = readFrontMatter(
      'a.md',
      '---\nlists: [2026-12-01, 0x1F, ~]\nparams: { heure: 18:30, code: 0612, v: 1.10, tel: +33612, on: yes, when: 2026-12-01 09:00 }\narchive: False\n---\n',
    )
    expect(data).toEqual({
      lists: ['2026-12-01', '0x1F', '~'],
      params: {
        heure: '18:30',
        code: '0612',
        v: '1.10',
        tel: '+33612',
        on: 'yes',
        when: '2026-12-01 09:00',
      },
      archive: 'False',
    })
    const { campaign } = await readOnly({
      'a.md': markdown('x', 'archive: False', 'track: { opens: TRUE }'),
    })
    expect(campaign).toMatchObject({ archive: false, track: { opens: true, clicks: false } })
  })

  test('reads a subject with a number sign literally', async () => {
    expect(await subjectOf('subject: Lettre n°3 #printemps')).toBe('Lettre n°3 #printemps')
  })

  test('reads a subject that begins with a merge field literally', async () => {
    expect(await subjectOf('subject: {{ nom }}, bonjour')).toBe('{{ nom }}, bonjour')
  })

  test('reads a subject with quotes inside literally', async () => {
    expect(await subjectOf('subject: Bonjour {{ nom | default: "à tous" }}')).toBe(
      'Bonjour {{ nom | default: "à tous" }}',
    )
  })

  test('takes the quotes off a subject that is wholly quoted', async () => {
    expect(await subjectOf('subject: "entre guillemets"')).toBe('entre guillemets')
    expect(await subjectOf("subject: 'L''été'")).toBe("L'été")
  })

  test('keeps quotes that do not embrace the whole subject', async () => {
    expect(await subjectOf('subject: "Oui" et "non"')).toBe('"Oui" et "non"')
    expect(await subjectOf('subject: "ouvert')).toBe('"ouvert')
  })

  test('lets a subject go on below in YAML’s own way', async () => {
    expect(await subjectOf('subject: >-\n  deux\n  lignes')).toBe('deux lignes')
  })

  test('reads from and replyTo as addresses', async () => {
    const { campaign } = await readOnly({
      'a.md': markdown('x', 'from: Rédaction : la lettre <redac@example.org>', 'replyTo: a@b.org'),
    })
    expect(campaign.from).toEqual({ name: 'Rédaction : la lettre', address: 'redac@example.org' })
    expect(campaign.replyTo).toEqual({ name: '', address: 'a@b.org' })
  })

  test('reads the same from a checkout with CRLF and a byte order mark', async () => {
    const text = markdown('Un\n\nDeux', 'send: on-merge')
    const { campaign: unix } = await readOnly({ 'a.md': text })
    const { campaign: windows } = await readOnly({
      'a.md': `\uFEFF${text.replaceAll('\n', '\r\n')}`,
    })
    expect(windows.variants['fr']?.body).toBe(unix.variants['fr']?.body)
    expect(windows.send).toBe('on-merge')
  })

  test('fills in what a file does not say', async () => {
    const { campaign } = await readOnly({ 'a.md': markdown('x') })
    expect(campaign).toMatchObject({
      slug: 'a',
      lists: ['weekly'],
      send: 'manual',
      archive: true,
      track: { opens: false, clicks: false },
      fallback: 'fr',
    })
    expect(campaign.from).toBeUndefined()
  })

  test('takes a list named alone, or twice, for one list', async () => {
    const { campaign } = await readOnly({ 'a.md': markdown('x', 'lists: weekly') })
    expect(campaign.lists).toEqual(['weekly'])
    const { campaign: twice } = await readOnly({ 'a.md': markdown('x', 'lists: [weekly, weekly]') })
    expect(twice.lists).toEqual(['weekly'])
  })

  test('gives a single file the language it names', async () => {
    const { campaign } = await readOnly({ 'a.md': markdown('x', 'lang: en') })
    expect(campaign.fallback).toBe('en')
    expect(Object.keys(campaign.variants)).toEqual(['en'])
  })

  test('reads a folder as one campaign of several languages', async () => {
    const { campaign } = await readOnly({
      'a/fr.md': markdown('Bonjour'),
      'a/en.mjml': mjml(''),
      'a/en.txt': 'Hello\r\n',
    })
    expect(campaign.variants['fr']?.format).toBe('md')
    expect(campaign.variants['en']?.format).toBe('mjml')
    expect(campaign.variants['en']?.text?.body).toBe('Hello\n')
    expect(campaign.fallback).toBe('fr')
  })

  test('falls back on a near language, or the first, where the site’s own is missing', async () => {
    const { campaign: near } = await readOnly({
      'a/en.md': markdown('x'),
      'a/fr-CA.md': markdown('x'),
    })
    expect(near.fallback).toBe('fr-CA')
    const { campaign: first } = await readOnly({
      'a/nl.md': markdown('x'),
      'a/en.md': markdown('x'),
    })
    expect(first.fallback).toBe('en')
  })

  test('lets one language state a setting for all', async () => {
    const { campaign } = await readOnly({
      'a/en.md': '---\nsubject: Hello\n---\nx',
      'a/fr.md': markdown('x', 'archive: false'),
    })
    expect(campaign).toMatchObject({ archive: false, lists: ['weekly'] })
  })

  test('reads the images that a source refers to, and nothing outside its folder', async () => {
    const { campaign } = await readOnly({
      'a/fr.md': markdown(
        '![un](un.png) ![deux](<de ux.png>) <img src="../b.png"> ![x](https://x.org/x.png)',
      ),
      'a/un.png': '1',
      'a/de ux.png': '2',
      'a/unused.png': '3',
      'b.png': '4',
    })
    expect(Object.keys(campaign.variants['fr']?.images ?? {}).toSorted()).toEqual([
      'de ux.png',
      'un.png',
    ])
  })

  test('reads a planned start in the site’s time zone', async () => {
    const { campaign } = await readOnly({ 'a.md': markdown('x', 'send: 2026-12-01 09:00') })
    expect(campaign.send).toEqual({ at: Date.UTC(2026, 11, 1, 8) })
  })

  test('reads a planned start with an offset or a zone of its own', async () => {
    const { campaign: offset } = await readOnly({
      'a.md': markdown('x', 'send: 2026-12-01T09:00:00-05:00'),
    })
    expect(offset.send).toEqual({ at: Date.UTC(2026, 11, 1, 14) })
    const { campaign: zone } = await readOnly({
      'a.md': markdown('x', 'send: 2026-12-01 9:00 Asia/Tokyo'),
    })
    expect(zone.send).toEqual({ at: Date.UTC(2026, 11, 1, 0) })
    const { campaign: utc } = await readOnly({ 'a.md': markdown('x', 'send: 2026-12-01 09:00Z') })
    expect(utc.send).toEqual({ at: Date.UTC(2026, 11, 1, 9) })
  })

  test('refuses a time that the clocks skip or run through twice', async () => {
    const skipped = campaignFolder({ 'a.md': markdown('x', 'send: 2026-03-29 02:30') })
    await expect(readCampaign(skipped, 'a')).rejects.toThrow(
      'does not exist in Europe/Paris, where the clocks go forward',
    )
    const doubled = campaignFolder({ 'a.md': markdown('x', 'send: 2026-10-25 02:30') })
    await expect(readCampaign(doubled, 'a')).rejects.toThrow(
      'comes twice in Europe/Paris, where the clocks go back',
    )
  })

  test('refuses a day without an hour, and a day that does not exist', async () => {
    expect(await problemsOf({ 'a.md': markdown('x', 'send: 2026-12-01') })).toEqual([
      'a.md:4: the time of sending is unclear',
    ])
    expect(await problemsOf({ 'a.md': markdown('x', 'send: 2026-02-30 09:00') })).toEqual([
      'a.md:4: the time of sending is unclear',
    ])
  })

  test('refuses an end date that is none, and one that comes before the start', async () => {
    const ends = (lines: string) => problemsOf({ 'a.md': markdown('x', lines) })
    expect(await ends('until: 2026-12-03')).toEqual(['a.md:4: the end date is unclear'])
    expect(await ends('send: 2026-12-03 09:00\nuntil: 2026-12-01 18:00')).toEqual([
      'a.md:5: it ends before it starts',
    ])
    expect(await ends('send: 2026-12-01 09:00 local\nuntil: 2026-12-03 18:00')).toEqual([])
  })

  test('runs no code in a front matter', async () => {
    const config = campaignFolder({ 'a.md': '---js\n({ subject: globalThis.ran = true })\n---\nx' })
    await expect(readCampaign(config, 'a')).rejects.toThrow('front matter must be YAML')
    expect(globalThis).not.toHaveProperty('ran')
  })

  test('keeps dates among the parameters as they are written', async () => {
    const { campaign } = await readOnly({
      'a.md': markdown('x', 'layout: own', 'params: { day: 2026-12-01, hour: 2026-12-01 09:00 }'),
      'layouts/own.mjml': `---\nparams:\n  day: 2026-01-01\n  hour: none\n  place: Paris\n---\n${layout}`,
    })
    expect(campaign.variants['fr']?.layout?.params).toEqual({
      day: '2026-12-01',
      hour: '2026-12-01 09:00',
      place: 'Paris',
    })
  })

  test('prefers the site’s own default layout to the built-in one', async () => {
    const { campaign } = await readOnly({ 'a.md': markdown('x'), 'layouts/default.mjml': layout })
    expect(campaign.variants['fr']?.layout?.body).toBe(layout)
    const { campaign: plain } = await readOnly({ 'a.md': markdown('x') })
    expect(plain.variants['fr']?.layout?.body).toContain('{{ content }}')
  })

  test('says all that is wrong, with file, line, cause and cure', async () => {
    const config = campaignFolder({
      'a.md': '---\nsubjet: x\nlists: [weeky]\narchive: maybe\ntrack: { open: true }\n---\nx',
    })
    const text = await readCampaign(config, 'a').then(() => '', String)
    expect(text.replaceAll(`${config.campaigns}/`, '')).toMatchInlineSnapshot(`
      "MailshotError: a.md:1: no subject: a mail without one looks like spam; add a line subject: … to the front matter
      a.md:2: unknown key "subjet": it would have no effect; did you mean "subject"?
      a.md:3: unknown list "weeky": it is not in mailshot.config.ts; did you mean "weekly"?
      a.md:4: "archive" is wrong: is neither true nor false; write it like archive: false
      a.md:5: unknown key "open": it would have no effect; did you mean "opens"?"
    `)
  })

  test('refuses languages that contradict each other', async () => {
    const problems = await problemsOf({
      'a/en.md': markdown('x', 'archive: false', 'lang: fr'),
      'a/fr.md': markdown('x', 'archive: true'),
    })
    expect(problems).toEqual([
      "a/en.md:5: lang: fr contradicts the file's name",
      'a/fr.md:4: "archive" differs between languages',
    ])
  })

  test('refuses two files for one mail, and names that are no language', async () => {
    const problems = await problemsOf({
      'a.md': markdown('x'),
      'a/fr.md': markdown('x'),
      'b/fr.md': markdown('x'),
      'b/fr.mjml': mjml(''),
      'c/hello.md': markdown('x'),
    })
    expect(problems).toEqual([
      'a/fr.md:1: two files for one mail',
      'b/fr.mjml:1: two files for one mail',
      'c/hello.md:1: "hello" is not a language',
    ])
  })

  test('refuses a slug that cannot be part of an address', async () => {
    expect(await problemsOf({ 'Été 2026.md': markdown('x') })).toEqual([
      'Été 2026.md:1: "Été 2026" cannot be a slug',
    ])
  })

  test('refuses a slug that leads out of the folder', async () => {
    const config = campaignFolder({ 'a.md': markdown('x') })
    await expect(readCampaign(config, '../a')).rejects.toThrow('no campaign "../a"')
  })

  test('refuses a front matter that is missing or broken', async () => {
    expect(await problemsOf({ 'a.md': 'Bonjour' })).toEqual(['a.md:1: no front matter'])
    expect(await problemsOf({ 'a.md': '---\nsubject: x\nlists: [weekly\n---\nx' })).toEqual([
      'a.md:4: the front matter cannot be read',
    ])
  })

  test('refuses an unknown layout, and parameters it does not declare', async () => {
    expect(await problemsOf({ 'a.md': markdown('x', 'layout: defualt') })).toEqual([
      'a.md:4: unknown layout "defualt"',
    ])
    expect(await problemsOf({ 'a.md': markdown('x', 'params:', '  accnet: red') })).toEqual([
      'a.md:5: unknown parameter "accnet"',
    ])
  })

  test('refuses a layout for an MJML campaign', async () => {
    const text = mjml('').replace('---\n<mjml>', 'layout: default\n---\n<mjml>')
    expect(await problemsOf({ 'a.mjml': text })).toEqual(['a.mjml:4: "layout" has no effect here'])
  })
})

const layout =
  '<mjml><mj-body><mj-section><mj-column><mj-text>{{ content }} <a href="{{ url_unsubscribe }}">x</a></mj-text></mj-column></mj-section></mj-body></mjml>'
