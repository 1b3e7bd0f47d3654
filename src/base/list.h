/* SPDX-License-Identifier: MIT */
/* list.h - an intrusive doubly linked list.
 * A ring through a head: insertion and removal need no branch and no allocation, and a node that is
 * on no list points to itself or is zero. The node lies inside the thing that it links;
 * container_of finds the way back.
 * Threads: none of its own; the owner of the head says what protects it. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

struct list {
    struct list *next;
    struct list *prev;
};

static inline void list_init(struct list *head)
{
    head->next = head;
    head->prev = head;
}

static inline bool list_is_empty(const struct list *head)
{
    return head->next == head;
}

static inline void list_insert_between(struct list *node, struct list *prev, struct list *next)
{
    node->prev = prev;
    node->next = next;
    prev->next = node;
    next->prev = node;
}

static inline void list_push_front(struct list *head, struct list *node)
{
    list_insert_between(node, head, head->next);
}

static inline void list_push_back(struct list *head, struct list *node)
{
    list_insert_between(node, head->prev, head);
}

/* Takes NODE off its list; it may be put on another at once. */
static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* The first node, or NULL. */
static inline struct list *list_first(const struct list *head)
{
    return head->next == head ? NULL : head->next;
}

/* Takes the first node off, or returns NULL. */
static inline struct list *list_pop_front(struct list *head)
{
    struct list *node = list_first(head);

    if (node != NULL)
        list_remove(node);
    return node;
}

#define LIST_FOR_EACH(pos, head)                                                                   \
    for (struct list *pos = (head)->next; pos != (head); pos = pos->next)

/* As LIST_FOR_EACH; POS may be removed in the body. */
#define LIST_FOR_EACH_SAFE(pos, head)                                                          \
    for (struct list *pos = (head)->next, *pos##_next = pos->next; pos != (head);              \
         pos = pos##_next, pos##_next = pos->next)

#endif
