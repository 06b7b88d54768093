import Foundation
import Synchronization

/// Runs `body` for every item, each on its own thread, and returns the results in order.
///
/// It uses more threads than there are processors, since they mostly wait.
package func concurrently<Item: Sendable, Value: Sendable>(
    _ items: [Item],
    _ body: @Sendable @escaping (Item) throws -> Value
) -> [Result<Value, any Error>] {
    let results = Results<Value>()
    let group = DispatchGroup()
    for (index, item) in items.enumerated() {
        group.enter()
        Thread {
            let result = Result { try body(item) }
            results.all.withLock { $0[index] = result }
            group.leave()
        }.start()
    }
    group.wait()
    return results.all.withLock { all in items.indices.compactMap { all[$0] } }
}

private final class Results<Value: Sendable>: Sendable {
    let all = Mutex<[Int: Result<Value, any Error>]>([:])
}
