import Grants
import HTTPTypes
import Hummingbird

/// The query of a call, read strictly.
struct ListQuery: Sendable {
    private let request: Request

    /// Takes a query, which must have no other parameters than these and those of all lists.
    init(_ request: Request, known: [String]) throws(HubError) {
        self.request = request
        let common = ["limit", "cursor", "format"]
        for name in Set(request.uri.queryParameters.map { String($0.key) })
        where !known.contains(name) && !common.contains(name) {
            throw HubError(
                .malformed,
                "the query has the unknown parameter \(name.prefix(40).debugDescription)",
                "known here: \((known + common).joined(separator: ", "))"
            )
        }
    }

    /// The value of a parameter; `nil` if it is not there, or is empty.
    subscript(name: String) -> String? {
        let value = request.uri.queryParameters[Substring(name)].map { String($0) }
        return value == "" ? nil : value
    }

    /// The most elements of the answer.
    var limit: Int {
        get throws(HubError) {
            guard let text = self["limit"] else { return 100 }
            guard let limit = Int(text), (1...1000).contains(limit) else {
                throw HubError(.malformed, "limit is no number from 1 to 1000", "leave it out")
            }
            return limit
        }
    }

    /// The position after which the list continues; `nil`: from its start.
    var cursor: Int64? {
        get throws(HubError) {
            guard let text = self["cursor"] else { return nil }
            guard let cursor = Int64(text), cursor >= 0 else {
                throw HubError(.malformed, "cursor is none of this list", "take that of `next`")
            }
            return cursor
        }
    }

    func moment(_ name: String) throws(HubError) -> Moment? {
        guard let text = self[name] else { return nil }
        do throws(TextError) {
            return try Moment(parsing: text)
        } catch {
            throw HubError(.malformed, "\(name): \(error)", "write it as 2026-12-01T12:00:00Z")
        }
    }

    /// True if the rows are wanted as CSV.
    var wantsCSV: Bool {
        get throws(HubError) {
            switch self["format"] {
            case "csv": return true
            case "json": return false
            case nil: return request.headers[.accept]?.contains("text/csv") ?? false
            default: throw HubError(.malformed, "format is json or csv", "leave it out")
            }
        }
    }
}
