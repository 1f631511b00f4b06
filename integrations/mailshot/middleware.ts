import type { APIContext, MiddlewareNext } from 'astro'
import { defineMiddleware } from 'astro/middleware'
import config from 'virtual:mailshot/config'
import type { RenderLayout } from './campaign/layout.ts'
import { notePeer, peerOf } from './client-address.ts'
import { guardRequest, protectResponse } from './guard.ts'
import { openLog } from './log.ts'
import { refusalPage } from './pages/refusal.ts'
import { patternsOf, siteRoutes } from './routes.ts'

const ownRoutes = new Map(
  siteRoutes.flatMap((route) => patternsOf(route, config).map((pattern) => [pattern, route])),
)

const log = openLog('info')

/** Guards the site's own forms as Astro would, but knows mail services and a proxy that ends TLS; adds our headers. */
export const onRequest = defineMiddleware(async (context, next) => {
  if (context.isPrerendered) return next()
  const route = ownRoutes.get(SITE_BASE + context.routePattern)
  if (!route && !SITE_CHECKS_ORIGIN) return next()
  const refusal = guardRequest(context.request, context.url.origin, { route, config })
  if (refusal) return refusal
  if (route?.kind === 'preview') context.locals.renderMailLayout = renderLayout
  if (!route) return next()
  notePeer(context.request, peerOf(context))
  return protectResponse(await answer(context, next), route)
})

/**
 * Handed to the preview here: Astro's container knows every page of the site, and a page that imports it gets, in
 * development, the styles of them all.
 */
const renderLayout: RenderLayout = async (file, props) => {
  const { renderSiteLayout } = await import('./site-layouts.ts')
  return renderSiteLayout(file, props)
}

/** A fault on our side, such as a database that is locked, is told in the reader's language, and logged without their link. */
async function answer({ request, routePattern }: APIContext, next: MiddlewareNext) {
  try {
    return await next()
  } catch (error) {
    log.error({ err: error, route: routePattern }, 'a request failed')
    return refusalPage(config, request, { status: 503 })
  }
}
