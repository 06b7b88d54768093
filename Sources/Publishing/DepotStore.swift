package import CommandSupport
package import Depot
package import Grants

/// An object as a depot has it.
package struct StoredObject {
    package let bytes: [UInt8]
    /// The ETag, if the depot is a web server that gives a strong one.
    package var tag: String?
    /// The moment at which it was written, as the depot says.
    package var modified: Moment?
}

/// A depot that can be written to.
package protocol DepotStore: AnyObject {
    /// The depot's name in messages: its URL or its path.
    var name: String { get }
    /// The depot's own time at its last answer; `nil` if it has no clock of its own.
    var time: Moment? { get }
    /// True if the depot can tell that an object has changed since it was read; `nil` if unknown yet.
    var isConditional: Bool? { get }

    /// The object; `nil` if there is none.
    func read(_ object: DepotObject) throws(CommandFailure) -> StoredObject?

    /// Writes an object, whatever is there.
    func write(_ bytes: [UInt8], to object: DepotObject) throws(CommandFailure)

    /// Finds out whether the depot can tell that an object has changed, by one that is there.
    func examine(by object: DepotObject, _ bytes: [UInt8]) throws(CommandFailure)

    /// Replaces an object by what `change` makes of it, such that no change of another publisher is
    /// lost. `change` may be called several times, and returns `nil` to leave the object as it is.
    ///
    /// Returns false if another publisher may have undone the change: the caller is to wait for a
    /// `SecondLook.pause`, and to edit once more.
    func edit(
        _ object: DepotObject,
        _ change: (StoredObject?) throws(CommandFailure) -> [UInt8]?
    ) throws(CommandFailure) -> Bool
}

/// The time after which a depot without conditions is asked what became of a change.
package enum SecondLook {
    package static let pause: Duration = .seconds(2)
    /// The changes of one object that may be undone.
    package static let rounds = 20
}
