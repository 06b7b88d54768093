import HTTPTypes
import HubStorage
import StrictJSON

/// The reason why a call was not done (docs/PROTOCOL.hub, section 1).
struct HubError: Error, Hashable, Sendable {
    /// The stable word for programs, each with its status.
    enum Code: String, Hashable, Sendable, CaseIterable {
        case malformed
        case notSigned = "not-signed"
        case tooManyHosts = "too-many-hosts"
        case loginRequired = "login-required"
        case notAllowed = "not-allowed"
        case origin
        case notFound = "not-found"
        case method
        case idTaken = "id-taken"
        case decided
        case used
        case over
        case lengthRequired = "length-required"
        case tooLarge = "too-large"
        case mediaType = "media-type"
        case wrongHost = "wrong-host"
        case refused
        case tooMany = "too-many"
        case headersTooLarge = "headers-too-large"
        case store
        case full
        case fault

        var status: HTTPResponse.Status {
            switch self {
            case .malformed, .notSigned, .tooManyHosts: .badRequest
            case .loginRequired: .unauthorized
            case .notAllowed, .origin: .forbidden
            case .notFound: .notFound
            case .method: .methodNotAllowed
            case .idTaken, .decided: .conflict
            case .used, .over: .gone
            case .lengthRequired: .lengthRequired
            case .tooLarge: .contentTooLarge
            case .mediaType: .unsupportedMediaType
            case .wrongHost: .misdirectedRequest
            case .refused: .unprocessableContent
            case .tooMany: .tooManyRequests
            case .headersTooLarge: .requestHeaderFieldsTooLarge
            case .store: .serviceUnavailable
            case .full: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
            case .fault: .internalServerError
            }
        }
    }

    let code: Code
    /// The event, for people.
    let message: String
    /// Advice, for people.
    let remedy: String
    /// More members of `error`, such as `hosts` of `refused`.
    var members: [JSONValue.Member] = []
    /// The seconds after which the call may be repeated.
    var retryAfter: Int?
    /// The methods that the path has, of `method`.
    var allow: String?

    init(_ code: Code, _ message: String, _ remedy: String = "") {
        (self.code, self.message, self.remedy) = (code, message, remedy)
    }

    /// The answer in JSON.
    var json: JSONValue {
        let texts: [JSONValue.Member] = [
            .init("code", .string(code.rawValue)), .init("message", .string(message)),
            .init("remedy", .string(remedy)),
        ]
        return ["error": .object(texts + members)]
    }
}

extension HubError {
    /// The answer where the store did not do it; what the store says of itself is for the log.
    init(_ error: StorageError) {
        switch error {
        case .full:
            self.init(.full, "the store of the hub is full", "tell the people who run the hub")
        case .unavailable, .unconfirmed, .broken, .tooNew:
            self.init(.store, "the store of the hub did not do it", "repeat the call in a moment")
            retryAfter = 5
        }
    }

    static let loginRequired = HubError(
        .loginRequired,
        "nobody is logged in",
        "run `jitgate login` with the URL of the hub"
    )

    static let notFound = HubError(.notFound, "there is nothing at this path", "check the URL")
}
