import type { APIRoute } from 'astro'
import config from 'virtual:mailshot/config'
import { previewLetterPart } from '../../preview/letter.ts'

export const GET: APIRoute = ({ params: { kind = '', part = '' }, request }) =>
  previewLetterPart(config, { kind, part }, request)
