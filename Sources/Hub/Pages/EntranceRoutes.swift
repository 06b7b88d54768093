import Crypto
import Grants
import HTTPTypes
import HubPages
import HubSettings
import Hummingbird

/// The pages before a login, and the files that all pages load.
struct EntranceRoutes: HubRoutes {
    let desk: PageDesk

    func add(to router: Router<HubContext>) {
        router.get("/login") { request, context in
            do throws(HubError) {
                let code = try PageQuery(request)["code"]
                return desk.show(LoginPage(content(code, context)), context)
            } catch {
                return desk.show(error, context)
            }
        }
        for asset in PageAsset.allCases {
            let file = AssetFile(asset)
            router.get("\(asset.path)") { request, _ in file.answer(to: request) }
        }
    }

    private func content(_ code: String, _ context: HubContext) -> LoginPage.Content {
        if !code.isEmpty { return .code(code) }
        let isProxied = desk.parts.configuration.proxy.userHeader != nil && context.peer.isProxy
        return isProxied ? .proxy : .instructions
    }
}

/// A file with its digest, by which browsers keep it until it is another.
private struct AssetFile: Sendable {
    private let asset: PageAsset
    private let tag: String

    init(_ asset: PageAsset) {
        self.asset = asset
        tag = "\"\(SHA256.hash(data: asset.bytes).hexadecimal)\""
    }

    func answer(to request: Request) -> Response {
        let isKept = request.headers[.ifNoneMatch] == tag
        var response =
            isKept
            ? HubAnswer.empty(.notModified) : HubAnswer.bytes(asset.bytes, asset.mediaType)
        response.headers[.eTag] = tag
        response.headers[.cacheControl] = "no-cache"
        return response
    }
}
