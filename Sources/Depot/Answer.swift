/// The meaning of the status of an answer (docs/PROTOCOL.depot, section 4).
package enum Answer: Hashable, Sendable {
    case content
    case unchanged
    case absent
    /// The depot asks for a pause of all requests.
    case overloaded(String)
    /// This object cannot be had.
    case refused(String)

    package init(status: Int, wasConditional: Bool) {
        switch status {
        case 200: self = .content
        case 304 where wasConditional: self = .unchanged
        case 304: self = .refused("the depot answered 304 to a request without If-None-Match")
        case 404, 410: self = .absent
        case 429, 500...599: self = .overloaded("the depot answered \(status)")
        case 300...399:
            self = .refused("the depot answered \(status); redirects are not followed")
        case 400, 401, 403:
            let remedy = "see [depot] certificate and credentials, and the depot's own log"
            self = .refused("the depot answered \(status); \(remedy)")
        default: self = .refused("the depot answered \(status)")
        }
    }
}
