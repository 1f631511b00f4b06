import { expect, test } from 'vitest'
import type { RenderLayout } from '../../integrations/mailshot/campaign/layout.ts'
import { rememberLayouts } from '../../integrations/mailshot/campaign/layout/remember.ts'
import { checkCampaigns } from '../../integrations/mailshot/check.ts'
import { campaignFolder, markdown } from '../campaign-folder.ts'

const slugs = ['a', 'b', 'c']
const body = '{{ content }}<a href="{{ url_unsubscribe }}">x</a>'

test('a layout that is steady is rendered twice for one campaign, and once for each other', async () => {
  const { asked, problems } = await check(() => '')
  expect(asked).toEqual(['a', 'a', 'b', 'c'])
  expect(problems).toEqual([])
})

test('the same campaign is not rendered again in the same run', async () => {
  const { asked } = await check(() => '', ['a', 'a', 'b', 'b'])
  expect(asked).toEqual(['a', 'a', 'b'])
})

test('a layout that is not steady is told of every campaign', async () => {
  let count = 0
  const { problems } = await check(() => `${(count += 1)}`)
  expect(problems).toEqual(slugs.map(() => 'the layout "own" comes out different each time'))
})

/** Checks campaigns of one layout, one after the other; answers which it was rendered for. It puts out what is given. */
async function check(output: () => string, checked = slugs) {
  const asked: string[] = []
  const render: RenderLayout = async (_file, { slug }) => {
    asked.push(slug)
    const mjml = `<mjml><mj-body><mj-section><mj-column><mj-text>${body}${output()}</mj-text></mj-column></mj-section></mj-body></mjml>`
    return { mjml, title: undefined, params: undefined }
  }
  const campaign = markdown('Bonjour', 'layout: own')
  const config = campaignFolder({
    ...Object.fromEntries(slugs.map((slug) => [`${slug}.md`, campaign])),
    'layouts/own.astro': '',
  })
  const renderLayout = rememberLayouts(render)
  const problems: string[] = []
  for (const slug of checked) {
    const [result] = await checkCampaigns(config, [slug], { renderLayout })
    problems.push(...(result?.problems ?? []).map(({ what }) => what))
  }
  return { asked, problems }
}
