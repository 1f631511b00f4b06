import type { APIRoute } from 'astro'
import config from 'virtual:mailshot/config'
import { previewPart } from '../../preview/part.ts'
import { siteMailshot } from '../../server.ts'
import { renderSiteLayout } from '../../site-layouts.ts'

export const GET: APIRoute = ({ params: { slug = '', part = '' }, request }) =>
  previewPart(
    config,
    { slug, part },
    {
      request,
      renderLayout: renderSiteLayout,
      openSubscribers: import.meta.env.DEV ? siteMailshot : undefined,
    },
  )
