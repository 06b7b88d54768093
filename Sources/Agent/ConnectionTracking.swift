import Linux

/// How far conntrack's word can be taken, as its switches are now (nf_conntrack-sysctl).
enum ConnectionTracking {
    /// Whether an ACK must fit what was sent to make a connection.
    static var checksNumbers: Bool {
        KernelSwitch.isOn("net/netfilter/nf_conntrack_tcp_be_liberal") != true
    }

    /// Whether a connection that it did not see begin is none to it.
    static var picksUpNothing: Bool {
        KernelSwitch.isOn("net/netfilter/nf_conntrack_tcp_loose") == false
    }
}
