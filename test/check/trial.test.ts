import { describe, expect, test } from 'vitest'
import { tryOut } from '../../integrations/mailshot/check/trial.ts'
import { compileOnly, markdown, problemsOf } from '../campaign-folder.ts'

const place = { file: 'a.md', line: 1 }
const withSubject = (subject: string) =>
  problemsOf({ 'a.md': markdown('x', `subject: ${subject}`) })

/** What a trial says of a campaign once its French variant is changed. */
async function tryChanged(change: { html?: string; text?: string }): Promise<string[]> {
  const { config, compiled } = await compileOnly({ 'a.md': markdown('x') })
  const variant = compiled.variants['fr']
  if (!variant) throw new Error('no variant')
  const condition = { tag: 'if plan == "pro"' }
  for (const key of ['html', 'text'] as const) {
    if (change[key] !== undefined) variant[key] = [condition, change[key], { tag: 'endif' }]
  }
  return tryOut(config, compiled, variant, place).map(({ what }) => what)
}

describe('tryOut', () => {
  test('finds a subject that a reader without fields would not see', async () => {
    const wrong = ['a.md:1: the subject is empty for some readers']
    expect(await withSubject('{{ nom | default: "" }}')).toEqual(wrong)
    expect(await withSubject('{{ email | remove: email }}')).toEqual(wrong)
  })

  test('finds a subject that one value of a field empties', async () => {
    expect(await withSubject('{{ plan | default: "x" | remove: "pro" }}')).toEqual([
      'a.md:1: the subject is empty for some readers',
    ])
    expect(
      await withSubject(
        '{% if city == "Paris" %}{{ city | remove: "Paris" }}{% else %}x{% endif %}',
      ),
    ).toEqual(['a.md:1: the subject is empty for some readers'])
  })

  test('asks for the way out in both parts of every mail', async () => {
    const link = 'https://mail.example/trial-unsubscribe'
    expect(await tryChanged({})).toEqual([])
    expect(await tryChanged({ html: `<a href="${link}">x</a>` })).toEqual(['no unsubscribe link'])
    expect(await tryChanged({ text: link })).toEqual(['no unsubscribe link'])
  })

  test('finds a mail that cannot be composed for one of the readers', async () => {
    const { config, compiled } = await compileOnly({ 'a.md': markdown('x') })
    const variant = compiled.variants['fr']
    if (!variant) throw new Error('no variant')
    variant.subject = ['x', { tag: 'nonsense' }]
    expect(tryOut(config, compiled, variant, place).map(({ what }) => what)).toEqual([
      'the mail cannot be composed',
    ])
  })
})
