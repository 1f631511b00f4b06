import type { APIRoute } from 'astro'
import { handleSubscribe } from '../../api/subscribe.ts'
import { siteMailshot } from '../../server.ts'

export const ALL: APIRoute = async ({ request }) => handleSubscribe(await siteMailshot(), request)
