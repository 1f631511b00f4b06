import type { APIRoute } from 'astro'
import config from 'virtual:mailshot/config'
import { previewPart } from '../../preview/part.ts'
import { siteMailshot } from '../../server.ts'

export const GET: APIRoute = ({ params: { slug = '', part = '' }, request, locals }) =>
  previewPart(
    config,
    { slug, part },
    {
      request,
      renderLayout: locals.renderMailLayout,
      openSubscribers: import.meta.env.DEV ? siteMailshot : undefined,
    },
  )
