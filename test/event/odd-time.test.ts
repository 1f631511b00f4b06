import { expect, it } from 'vitest'
import { handleEvents } from '../../integrations/mailshot/api/events.ts'
import { createApiToken } from '../../integrations/mailshot/api-token.ts'
import { storyJson, storyLines } from '../../integrations/mailshot/cli/subscriber-story.ts'
import { recordEvents } from '../../integrations/mailshot/event.ts'
import { eventJson, listEvents } from '../../integrations/mailshot/event/list.ts'
import { findSubscriber } from '../../integrations/mailshot/subscriber/read.ts'
import { readStory } from '../../integrations/mailshot/subscriber/story.ts'
import { eventOf, sentTo } from '../sent-mails.ts'

it('a time that no date has becomes that of the receipt, in lists, stories and the API', async () => {
  const { mailshot, mails } = await sentTo(1)
  const [{ ourId, email }] = mails
  const odd = [1e20, 99_999_999_999_000_000, 8.65e15, -1, NaN, Date.UTC(2200, 0, 1) + 1]
  const known = [0, Date.UTC(2200, 0, 1)]
  for (const at of [...odd, ...known]) {
    await recordEvents(mailshot, 'relay', [eventOf({ type: 'bounced', class: 'soft', at, ourId })])
  }
  const received = new Date(mailshot.now()).toISOString()
  const times = [...odd.map(() => received), ...known.map((at) => new Date(at).toISOString())]
  const listed = (await listEvents(mailshot, {})).map(eventJson)
  expect(listed.map(({ at }) => at)).toEqual(times)

  const person = await findSubscriber(mailshot, email)
  if (!person) throw new Error('they are a subscriber')
  const story = await readStory(mailshot, person)
  expect(JSON.stringify(storyJson(story))).toContain(received)
  expect(storyLines(story, (ms) => new Date(ms ?? 0).toISOString())).not.toEqual([])

  const token = await createApiToken(mailshot, { name: 'a', scopes: ['people'], actor: 'test' })
  const request = new Request('https://example.org/mailshot/api/events', {
    headers: { authorization: `Bearer ${token.token}` },
  })
  const answer = await handleEvents(mailshot, request)
  expect(await answer.json()).toMatchObject({ events: times.map((at) => ({ at })) })
})
