/// The meaning of the status of an answer (docs/PROTOCOL.depot, section 4).
package enum Answer: Hashable, Sendable {
    case content
    case unchanged
    case absent
    /// The depot asks for a pause of all requests.
    case overloaded(String)
    /// This object cannot be had.
    case refused(String)

    /// The code of S3 for an address that is wrong, where a missing object would be none.
    private static let missingBucket = Array("<Code>NoSuchBucket</Code>".utf8)

    package init(status: Int, wasConditional: Bool, body: [UInt8] = []) {
        switch status {
        case 200: self = .content
        case 304 where wasConditional: self = .unchanged
        case 304: self = .refused("the depot answered 304 to a request without If-None-Match")
        case 404 where Self.lacksBucket(body):
            self = .refused("the depot answered 404; there is no such bucket")
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

    /// Returns true if a store says that the whole bucket is missing.
    package static func lacksBucket(_ body: [UInt8]) -> Bool {
        body.prefix(1024).firstRange(of: missingBucket) != nil
    }
}
