import Grants
import HubStorage
import Requests

/// The requests that nobody answers.
struct LapsingRequests: Sendable {
    let desk: RequestDesk

    /// Ends the requests that nobody has answered in time.
    ///
    /// - Returns: the moment at which the next one is over; `nil` while none waits.
    @discardableResult
    func lapseDue() async throws(RequestError) -> Moment? {
        let now = desk.now()
        while true {
            let left = try await RequestError.write(desk.database) {
                statements throws(StorageError) in
                let records = RequestRecords(statements: statements)
                let due = try records.lapsed(at: now, limit: 200)
                for id in due {
                    try records.set(.lapsed, of: id, at: now)
                    let text = "nobody approved it in time"
                    let entry = ActivityEntry(.lapsed, at: now, request: id.description, text)
                    try ActivityRecords(statements: statements).append(entry)
                    try ChangeRecords(statements: statements).append(.request, id.description)
                }
                return Result<Int, RequestError>.success(due.count)
            }
            guard left < 200 else { continue }
            return try await RequestError.read(desk.database) { statements throws(StorageError) in
                try RequestRecords(statements: statements).nextLapse()
            }
        }
    }
}
