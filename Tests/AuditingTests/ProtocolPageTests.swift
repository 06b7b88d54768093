import Auditing
import Foundation
import Testing

/// docs/PROTOCOL.audit, whose lists are those of the code.
@Suite struct `The page of the log's format` {
    private static let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../docs/PROTOCOL.audit")

    /// The words of each line that is indented.
    private let rows: [[String]]

    init() throws {
        rows = try String(contentsOf: Self.page, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("    ") }.map { $0.split(separator: " ").map(String.init) }
    }

    @Test(arguments: AuditEvent.allCases)
    func `lists what never changes of an event`(event: AuditEvent) {
        let row = [event.rawValue, String(event.priority), event.messageID]
        #expect(rows.count { $0 == row } == 1)
        #expect(rows.count { $0.first == event.rawValue } >= 2)
    }

    @Test(arguments: AuditField.allCases)
    func `lists each field`(field: AuditField) {
        #expect(rows.contains { $0.first == field.rawValue })
    }

    @Test(arguments: LogFlaw.Kind.allCases)
    func `lists each kind of flaw`(kind: LogFlaw.Kind) {
        // Those are the last on the page.
        let last = rows.suffix(LogFlaw.Kind.allCases.count)
        #expect(last.count { $0.first == kind.rawValue } == 1)
    }
}
