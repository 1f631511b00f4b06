import type { NoticeTexts } from '../texts.ts'

/** The page on which a reader who was asked again says that they stay. `{lists}` is the list, `{email}` their address. */
export interface StayTexts {
  ready: NoticeTexts
  button: string
  leave: string
  stayed: NoticeTexts
  ended: NoticeTexts
}
