/// A file that pages load from the hub itself.
package enum PageAsset: String, Hashable, Sendable, CaseIterable {
    case style = "style.css"
    case script = "live.js"
    case icon = "icon.svg"

    package var path: String { "/\(rawValue)" }

    package var bytes: [UInt8] {
        switch self {
        case .style: PackageResources.style_css
        case .script: PackageResources.live_js
        case .icon: PackageResources.icon_svg
        }
    }

    package var mediaType: String {
        switch self {
        case .style: "text/css; charset=utf-8"
        case .script: "text/javascript; charset=utf-8"
        case .icon: "image/svg+xml"
        }
    }

    /// The policy of pages: nothing from elsewhere, no frame, and no text that becomes markup.
    package static let contentSecurityPolicy = [
        "default-src 'none'", "style-src 'self'", "script-src 'self'", "connect-src 'self'",
        "img-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
        "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].joined(separator: "; ")
}
