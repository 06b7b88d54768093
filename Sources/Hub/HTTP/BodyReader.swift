import HTTPTypes
import Hummingbird
import NIOCore
import Posture
import Transparency

/// Reads the body of a call within bounds.
enum BodyReader {
    /// The longest body in bytes.
    static let limit = 256 << 10

    /// Refuses a head whose body would be too long, or of unknown length.
    static func check(_ fields: HTTPFields, _ path: String) throws(HubError) {
        if fields[.transferEncoding] != nil {
            throw HubError(.lengthRequired, "the body has no Content-Length", "send one")
        }
        guard let text = fields[.contentLength] else { return }
        guard let length = Int(text), length >= 0, text.utf8.allSatisfy({ $0 != 0x2B }) else {
            throw HubError(.malformed, "Content-Length is no number", "send the length in bytes")
        }
        let limit = limit(of: path)
        guard length <= limit else {
            throw HubError(.tooLarge, "the body is longer than \(limit) bytes", "send less")
        }
    }

    /// The longest body of a path: proofs and inventories are longer than all else.
    private static func limit(of path: String) -> Int {
        if path.hasPrefix("/status/"), path.hasSuffix(".proof") { return ConsistencyProof.limit }
        return path.hasPrefix("/v1/inventory/") ? Inventory.fileLimit : limit
    }

    /// The body, which must be of one of these media types.
    static func bytes(
        of request: Request,
        types: [String],
        limit: Int = limit
    ) async throws -> [UInt8] {
        guard let type = mediaType(of: request), types.contains(type) else {
            throw HubError(
                .mediaType,
                "the body is of another media type",
                "send Content-Type: \(types.joined(separator: " or "))"
            )
        }
        do {
            let buffer = try await request.body.collect(upTo: limit)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw HubError(.tooLarge, "the body is longer than \(limit) bytes", "send less")
        }
    }

    /// The media type without parameters, in lower case.
    static func mediaType(of request: Request) -> String? {
        guard let text = request.headers[.contentType] else { return nil }
        let type = text.prefix { $0 != ";" && $0 != "," }
        return String(type.filter { $0 != " " && $0 != "\t" }).lowercased()
    }
}
