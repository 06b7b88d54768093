import Grants
import HubSettings
import HubStorage
import Transparency

/// Makes the messages of the entries of the log that have none yet (docs/PROTOCOL.hub, section 10).
///
/// An entry is written in the transaction of its change, and the messages of entries in one with the position up
/// to which they are made: none is lost or made twice, whenever a hub ends and however many there are.
struct WebhookOutbox {
    /// The entries of one transaction.
    static let batch = 200
    private static let position = "webhook-position"

    let statements: any Statements
    let configuration: HubConfiguration
    let now: Moment

    private var records: DeliveryRecords { DeliveryRecords(statements: statements) }

    /// Prepares for the webhooks of the configuration; without any, what happens meanwhile is told to none.
    func begin() throws(StorageError) {
        let meta = MetaRecords(statements: statements)
        let names = configuration.webhooks.map(\.name)
        if names.isEmpty {
            try meta.remove(Self.position)
        } else if try meta.value(Self.position) == nil {
            try set(last())
        }
        try records.giveUp(unlessFor: names)
    }

    /// The position of the last entry whose messages are made; `nil` if there never was a webhook.
    func position() throws(StorageError) -> Int64? {
        let bytes = try MetaRecords(statements: statements).value(Self.position)
        return bytes.flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
    }

    /// True if there are entries whose messages are not made.
    func isBehind() throws(StorageError) -> Bool {
        guard let position = try position() else { return true }
        return try position < last()
    }

    /// Makes the messages of the next entries; returns whether there may be more.
    func fill() throws(StorageError) -> Bool {
        guard let position = try position() else {
            try set(last())
            return false
        }
        let query = ActivityQuery(after: position, limit: Self.batch)
        let entries = try query.entries(in: statements)
        guard let end = entries.last?.position else { return false }
        var isNews = false
        for entry in entries where try tell(entry) { isNews = true }
        try set(end)
        if isNews { try ChangeRecords(statements: statements).append(.webhook, "") }
        return entries.count == Self.batch
    }

    private func last() throws(StorageError) -> Int64 {
        Int64(try ActivityRecords(statements: statements).tree().size) - 1
    }

    private func set(_ position: Int64) throws(StorageError) {
        try MetaRecords(statements: statements).set(Self.position, Array(String(position).utf8))
    }

    /// Makes the messages of an entry; returns whether there are any.
    private func tell(_ entry: StoredActivity) throws(StorageError) -> Bool {
        let messages = WebhookMessages(
            statements: statements,
            hub: configuration.places.url
        )
        guard let message = try messages.message(of: entry) else { return false }
        for webhook in configuration.webhooks where webhook.events.contains(message.type) {
            try records.add(message, to: webhook, at: now)
        }
        if message.type == .opened, let (end, deadline) = try messages.endsSoon(entry, at: now) {
            for webhook in configuration.webhooks where webhook.events.contains(.endsSoon) {
                let use = DeliveryRecords.Use(
                    subject: entry.subject,
                    due: end.time,
                    until: deadline
                )
                try records.add(end, to: webhook, at: now, use)
            }
        }
        if entry.event == ActivityEvent.closed.rawValue { try records.withdraw(entry.subject) }
        return true
    }
}

extension StoredActivity {
    /// The words by which the notice of an end is found when it comes early.
    fileprivate var subject: String { "\(request ?? "") \(host ?? "")" }
}
