import { expect, test, vi } from 'vitest'
import { encodePiece } from '../../integrations/mailshot/message/quoted-printable.ts'
import { compileOnly, markdown } from '../campaign-folder.ts'
import { composeFor } from '../compose-for.ts'

vi.mock(import('../../integrations/mailshot/message/quoted-printable.ts'), async (load) => {
  const original = await load()
  return { ...original, encodePiece: vi.fn<typeof encodePiece>(original.encodePiece) }
})

test('a campaign is encoded once for each language, however many readers it has', async () => {
  const { config, compiled } = await compileOnly({
    'a.md': markdown('Bonjour {{ email }}, et *bien*'),
  })
  const [fr] = Object.values(compiled.variants)
  if (!fr) throw new Error('no variant')
  const both = { config, compiled: { ...compiled, variants: { fr, en: { ...fr, lang: 'en' } } } }
  const compose = (name: string, lang: string) => composeFor(both, { name, lang }).mime()
  const { mock } = vi.mocked(encodePiece)
  compose('Camille', 'fr')
  const forOne = mock.calls.length
  expect(forOne).toBeGreaterThan(0)
  compose('Noa', 'fr')
  expect(mock.calls).toHaveLength(forOne)
  compose('Sam', 'en')
  expect(mock.calls).toHaveLength(2 * forOne)
  compose('Kim', 'en')
  compose('Lou', 'fr')
  expect(mock.calls).toHaveLength(2 * forOne)
})
