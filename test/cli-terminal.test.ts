import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { openSite, type Site } from './run-mailshot.ts'
import { fillSite, siteWithPeople } from './site-with-people.ts'

// util-linux' `script` gives a command a terminal of its own.
const hasTerminals = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0
if (!hasTerminals) {
  console.warn(
    'skipped: terminals need script of util-linux (bsdutils in Debian), which is not here',
  )
}

describe.runIf(hasTerminals)('mailshot on a terminal', () => {
  test('asks before a send, with the number of people, and takes no for an answer', async () => {
    const { site } = await siteWithPeople()

    const { code, screen } = await onTerminal(site, ['send', '2026-06-launch'], {
      answer: 'n\r',
      to: '[y/N]',
    })

    expect(screen).toContain('Send it to 3 readers? [y/N]')
    expect(screen).toContain('Nothing was sent.')
    expect(code).toBe(1)
    expect(await site.mailshot('status')).toMatchObject({ out: '' })
  })

  test('starts the send at a yes', async () => {
    const { site } = await siteWithPeople()

    const { code, screen } = await onTerminal(site, ['send', '2026-06-launch'], {
      answer: 'y\r',
      to: '[y/N]',
    })

    expect(screen).toMatch(/started 2026-06-launch: send \w+/)
    expect(code).toBe(0)
  })

  test('draws a progress bar, and leaves the cursor as it was', async () => {
    const { site } = await siteWithPeople()
    await site.mailshot('send', '2026-06-launch', '--yes')

    const { code, screen } = await onTerminal(site, ['deliver', '--until-done'])

    expect(screen).toMatch(/2026-06-launch ━+ 100% {2}3 of 3 {2}done/)
    expect(screen.lastIndexOf('\u001b[?25h')).toBeGreaterThan(screen.lastIndexOf('\u001b[?25l'))
    expect(code).toBe(0)
  })

  test('draws how far an import is, and what is wrong with its rows below that', async () => {
    const site = openSite()
    await fillSite(site)
    const rows = Array.from({ length: 1001 }, (_, n) => `reader${n}@example.org\n`)
    const file = join(site.folder, 'people.csv')
    writeFileSync(file, `email\n${rows.join('')}nobody\n`)

    const { code, screen } = await onTerminal(site, ['import', file, '--list', 'weekly'])

    const text = stripVTControlCharacters(screen)
    expect(text).toMatch(/━ +99% {2}1000 of 1002 rows/)
    expect(text).toMatch(
      /━+ 100% {2}1002 of 1002 rows[^]*people\.csv:1003: [^]*1,002 rows: 1,001 new/,
    )
    expect(screen.lastIndexOf('\u001b[?25h')).toBeGreaterThan(screen.lastIndexOf('\u001b[?25l'))
    expect(code).toBe(2)
  })

  test('tells the whole reason of a pause, however narrow the screen', async () => {
    const { site } = await siteWithPeople({
      onMailFrom: () => ({ code: 535, text: `5.7.8 ${'authentication failed '.repeat(5)}again` }),
    })
    await site.mailshot('send', '2026-06-launch', '--yes')

    const { screen } = await onTerminal(site, ['deliver', '--until-done'])

    // On lines of its own: the screen would cut the line of a bar off.
    expect(stripVTControlCharacters(screen)).toMatch(
      /2026-06-launch is paused: blocked[^\r\n]{0,50}\r\n[^\r\n]{20,79}\r\n[^]* again\r\n/,
    )
  })

  test('finishes what is in hand at Ctrl-C', async () => {
    const site = openSite()
    await site.mailshot('init')

    const { code, screen } = await onTerminal(site, ['deliver'], {
      answer: '\u0003',
      to: 'Ctrl-C ends it',
    })

    expect(screen).toContain('Finishing what is in hand …')
    expect(code).toBe(0)
  })
})

/** Runs a command on a terminal of its own; `answer` is typed once the screen shows `to`. */
async function onTerminal(
  site: Site,
  args: string[],
  typing?: { answer: string; to: string },
): Promise<{ code: number | null; screen: string }> {
  const words = [process.execPath, ...site.commandLine(args)].map((word) => `'${word}'`)
  // Without `exec`, a shell that waits for the command (dash) would die of its Ctrl-C, and answer 130.
  const line = `exec ${words.join(' ')}`
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    env: { ...process.env, ...site.env, TERM: 'xterm' },
    stdio: 'pipe',
  })
  let screen = ''
  let isTyped = false
  child.stdout.on('data', (chunk: Buffer) => {
    screen += String(chunk)
    if (isTyped || !typing || !screen.includes(typing.to)) return
    isTyped = true
    child.stdin.write(typing.answer)
  })
  const [code] = await once(child, 'close')
  return { code: typeof code === 'number' ? code : null, screen }
}
