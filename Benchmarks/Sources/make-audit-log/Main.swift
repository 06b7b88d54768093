import Auditing
import Foundation
import Grants
import Recording
import Transparency

/// Writes an audit log of `RECORDS` records, as an agent on web-1 would in two years.
@main
enum Main {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let records = UInt64(arguments[3]) else {
            FileHandle.standardError.write(
                Data("usage: make-audit-log DIRECTORY STATE RECORDS\n".utf8)
            )
            exit(2)
        }
        let places = LogPlaces(
            log: arguments[1],
            state: arguments[2],
            origin: AuditKey.origin(hostname: "web-1", machineID: Story.machineID)
        )
        let rule = RotationRule(size: 64 << 20, age: .seconds(366 * 86_400), retention: nil)
        var log = try AuditLog.open(places, rotation: rule)
        var timeline = try Story(records: records)
        while log.logState.nextSequence < records {
            let chapter = try timeline.next(from: log.logState.nextSequence)
            try log.append(Array(chapter.prefix(Int(records - log.logState.nextSequence))))
            while log.hasMergeableArchives { log.mergeArchives() }
            guard log.problem == nil else { throw Failure(description: log.problem ?? "") }
        }
        log.save()
        print("\(log.logState.nextSequence) records, \(log.logState.ended.count) grants ended")
    }
}

struct Failure: Error {
    let description: String
}
