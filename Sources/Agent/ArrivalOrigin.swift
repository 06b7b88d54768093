import Grants
import Linux

/// The place that signed bytes came from, which decides the effect of their removal.
enum ArrivalOrigin: Hashable, Sendable {
    /// A file in a drop directory, in the state that it was read in: its grant ends when it goes.
    case file(String, FileIdentity)
    /// An offer in an inbox, which ends nothing when it goes.
    case offer(String)
    /// The log, which holds a grant since its offer was accepted; the path is that of the offer.
    case adopted(GrantID, offer: String)

    /// The path that records name.
    var path: String {
        switch self {
        case .file(let path, _), .offer(let path), .adopted(_, let path): path
        }
    }

    /// True if it is the file of an inbox that holds a bulletin.
    var isBulletin: Bool {
        guard case .offer(let path) = self else { return false }
        return path.utf8.reversed().starts(with: "/\(Bulletin.fileName)".utf8.reversed())
    }

    /// The origin as records tell it.
    var kind: GrantOrigin {
        switch self {
        case .file: .drop
        case .offer, .adopted: .inbox
        }
    }
}
