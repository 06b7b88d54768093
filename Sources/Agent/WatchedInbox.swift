import AgentSettings
import Grants
import Linux
import SystemPackage

/// One inbox: the names that wait to be read, and the reasons why others cannot be.
struct WatchedInbox {
    let inbox: Inbox
    var queue = OfferQueue()
    /// Files that were refused for owner or mode, which count once these are right.
    private var distrusted: Set<String> = []
    /// The owner's user id while the directory is trusted.
    private var owner: UInt32?
    /// True if the directory turned out to be one not to be read while files were read.
    private var isDistrusted = false
    /// True if the directory must be listed again: also once all was read, if not all names found
    /// room.
    var wantsListing: Bool { isDistrusted || queue.isEmpty && queue.hasDropped }
    /// The reason that nothing in the directory is read.
    private var problem: OfferBatch.Problem?
    /// A file that cannot be read, though it may become readable.
    private var unreadable: (name: String, error: TrustError)?

    init(_ inbox: Inbox) {
        self.inbox = inbox
    }

    var directory: String { inbox.directory }

    /// The gravest problem.
    var firstProblem: OfferBatch.Problem? {
        if let problem { return problem }
        if let error = unreadable?.error {
            let remedy = "chgrp jitgate FILE; chmod g+r FILE, for each file in it"
            return says("\(error)", remedy)
        }
        guard queue.isOverfull else { return nil }
        let text = "it has more than \(OfferQueue.bound) files, and no more are read"
        return says(text, "remove files of grants that have ended")
    }

    private func says(_ reason: String, _ remedy: String?) -> OfferBatch.Problem {
        OfferBatch.Problem(directory: directory, reason: reason, remedy: remedy)
    }

    // MARK: events

    mutating func arrived(_ name: String) {
        if owner != nil { queue.add(name) }
    }

    mutating func removed(_ name: String) {
        queue.remove(name)
        distrusted.remove(name)
        if unreadable?.name == name { unreadable = nil }
    }

    mutating func attributesChanged(_ name: String) {
        guard distrusted.contains(name) || unreadable?.name == name else { return }
        removed(name)
        arrived(name)
    }

    // MARK: reading

    /// Lists the directory if it is trusted; returns the directory at fault if it is not.
    mutating func list(again: Bool) -> String? {
        (problem, isDistrusted) = (nil, false)
        if again {
            (unreadable, distrusted) = (nil, [])
            queue.forgetAll()
        }
        do throws(TrustError) {
            owner = try findOwner()
            if let owner {
                var scan = TrustedFile(besidesRoot: owner)
                try scan.check(directory: directory)
                try listNames()
            }
        } catch {
            distrust(error)
            isDistrusted = false
            // One that is missing is awaited in any case.
            return error.code == .missing ? nil : error.path
        }
        return nil
    }

    private mutating func findOwner() throws(TrustError) -> UInt32? {
        let name = inbox.owner
        let id = (try? UserFile.id(of: name)) ?? nil
        guard let id, id != 0 else {
            let reason = id == nil ? "there is no user \(name)" : "the user \(name) is root"
            problem = says(reason, "name a user without privileges as its owner; jitgate reload")
            queue.list([], areMore: false)
            return nil
        }
        return id
    }

    private mutating func listNames() throws(TrustError) {
        do throws(Errno) {
            let found = try DirectoryWatch.newest(OfferQueue.bound, in: directory)
            queue.list(found.names, areMore: found.areMore)
            queue.add(Bulletin.fileName)
        } catch {
            let code: TrustError.Code = error == .noSuchFileOrDirectory ? .missing : .unreadable
            let reason = "cannot be listed: \(error)"
            throw TrustError(code: code, path: directory, reason: reason)
        }
    }

    private mutating func distrust(_ error: TrustError) {
        (owner, isDistrusted) = (nil, true)
        queue.list([], areMore: false)
        let making =
            "install -d -m 2750 -o \(ShellWord.quoted(inbox.owner)) -g jitgate "
            + ShellWord.quoted(directory)
        problem = says("\(error)", error.code == .missing ? making : error.remedy)
    }

    /// Reads a file into a batch; returns how many bytes, or `nil` if there was nothing to be read.
    mutating func read(_ name: String, into batch: inout OfferBatch) -> Int? {
        let path = directory + "/" + name
        guard let owner, let state = (try? FileIdentity.of(path)) ?? nil,
            !queue.hasRead(name, state)
        else { return nil }
        var scan = TrustedFile(besidesRoot: owner)
        do throws(TrustError) {
            let content = try scan.read(path, limit: GrantIntake.fileLimit)
            queue.note(name, content.identity)
            if unreadable?.name == name { unreadable = nil }
            batch.offers.append(OpenedFile(origin: .offer(path), bytes: content.bytes))
            return content.bytes.count
        } catch {
            guard error.code != .missing else { return nil }
            queue.note(name, state)
            refuse(name, error, &batch)
            return 0
        }
    }

    private mutating func refuse(_ name: String, _ error: TrustError, _ batch: inout OfferBatch) {
        let path = directory + "/" + name
        // The directory was trusted, and is not any more.
        guard error.path == path else { return distrust(error) }
        if error.code == .unreadable { unreadable = unreadable ?? (name, error) }
        if distrusted.count < OfferQueue.bound { distrusted.insert(name) }
        let refused = OfferBatch.Refused(
            path: path,
            code: error.code.rawValue,
            reason: error.reason
        )
        batch.refused.append(refused)
    }
}
