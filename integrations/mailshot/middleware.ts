import { defineMiddleware } from 'astro/middleware'
import config from 'virtual:mailshot/config'
import type { RenderLayout } from './campaign/layout.ts'
import { guardRequest, protectResponse } from './guard.ts'
import { patternOf, siteRoutes } from './routes.ts'

const ownRoutes = new Map(siteRoutes.map((route) => [patternOf(route, config), route]))

/** Guards the site's own forms as Astro would, but knows mail services and a proxy that ends TLS; adds our headers. */
export const onRequest = defineMiddleware(async (context, next) => {
  if (context.isPrerendered) return next()
  const route = ownRoutes.get(SITE_BASE + context.routePattern)
  if (!route && !SITE_CHECKS_ORIGIN) return next()
  const refusal = guardRequest(context.request, context.url.origin, { route, site: config.site })
  if (refusal) return refusal
  if (route?.kind === 'preview') context.locals.renderMailLayout = renderLayout
  const response = await next()
  return route ? protectResponse(response, route) : response
})

/**
 * Handed to the preview here: Astro's container knows every page of the site, and a page that imports it gets, in
 * development, the styles of them all.
 */
const renderLayout: RenderLayout = async (file, props) => {
  const { renderSiteLayout } = await import('./site-layouts.ts')
  return renderSiteLayout(file, props)
}
