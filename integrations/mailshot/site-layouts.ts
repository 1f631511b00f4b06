import { relative, resolve, sep } from 'node:path'
import layouts from 'virtual:mailshot/layouts'
import type { RenderLayout } from './campaign/layout.ts'
import { renderComponent } from './campaign/layout/render.ts'

/** Renders layouts that are Astro components, in the site itself: the development server's as they are, else as built. */
export const renderSiteLayout: RenderLayout = async (file, props) => {
  const path = relative(process.cwd(), resolve(file)).split(sep).join('/')
  const load = layouts[`/${path}`]
  if (load) return renderComponent(load, props)
  return {
    why: 'the site was built before this file was there',
    cure: 'build the site again, or start astro dev again',
  }
}
